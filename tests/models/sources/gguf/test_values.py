"""Metadata of every type of the format, and arrays too long to show."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from models.opened.source import SourceError
from models.sources.gguf.values import LISTED_LIMIT, TEXT_LIMIT
from tests.models.sources.gguf.gguf_files import (
    ARRAY,
    BOOL,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    STRING,
    U8,
    U16,
    U32,
    U64,
    entry,
    gguf,
    opened,
    text,
)  # fmt: skip


def metadata(path: Path, *entries: bytes) -> dict[str, Any]:
    file = path / "a.gguf"
    file.write_bytes(gguf(list(entries)))
    checkpoint = opened(file).checkpoint
    assert checkpoint is not None
    return checkpoint.metadata


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (U8, 255), (I8, -128), (U16, 65535), (I16, -32768), (U32, 2**32 - 1), (I32, -(2**31)), (U64, 2**64 - 1),
        (I64, -(2**63)), (BOOL, True), (BOOL, False), (STRING, "wörd"), (F64, 0.1), (F32, 0.5),
        (ARRAY, (I32, [1, 2, 3])), (ARRAY, (STRING, ["a", "b"])), (ARRAY, (BOOL, [True, False])), (ARRAY, (F32, [])),
    ],
)  # fmt: skip
def test_each_type(tmp_path: Path, code: int, value: Any) -> None:
    expected = value[1] if code == ARRAY else value
    found = metadata(tmp_path, entry("key", code, value))["key"]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("written", [1e-5, 1e6, 10000.0, 0.1, 3.4028235e38, 1e-45, -0.0])
def test_a_float32_is_shown_as_it_was_written(tmp_path: Path, written: float) -> None:
    found = metadata(tmp_path, entry("eps", F32, written))["eps"]
    assert struct.pack("<f", found) == struct.pack("<f", written)
    assert len(repr(found)) <= len(repr(written))


def test_what_json_has_no_number_for_is_a_word(tmp_path: Path) -> None:
    found = metadata(tmp_path, entry("a", F32, float("nan")), entry("b", F64, float("-inf")))
    assert found == {"a": "nan", "b": "-inf"}


def test_long_arrays_are_shown_in_a_few_words(tmp_path: Path) -> None:
    found = metadata(
        tmp_path,
        entry("tokens", ARRAY, (STRING, [f"t{number}" for number in range(32_000)])),
        entry("scores", ARRAY, (F32, [-float(number) for number in range(LISTED_LIMIT + 1)])),
        entry("flags", ARRAY, (BOOL, [True] * 100)),
        entry("after", U32, 7),
    )
    assert found["tokens"] == "32,000 strings: 't0', 't1', 't2', 't3', 't4', …"
    assert found["scores"] == f"{LISTED_LIMIT + 1} float32 numbers: -0.0, -1.0, -2.0, -3.0, -4.0, …"
    assert found["flags"] == "100 bools: True, True, True, True, True, …"
    assert found["after"] == 7


def test_nested_arrays(tmp_path: Path) -> None:
    rows = [(I32, [1, 2]), (STRING, ["a"]), (ARRAY, [(U8, [3])])]
    found = metadata(
        tmp_path, entry("short", ARRAY, (ARRAY, rows)), entry("long", ARRAY, (ARRAY, rows * 40)), entry("z", U8, 1)
    )
    assert found["short"] == [[1, 2], ["a"], [[3]]]
    assert found["long"] == "120 arrays: [1, 2], ['a'], [[3]], [1, 2], ['a'], …"
    assert found["z"] == 1


def test_arrays_ten_thousand_deep_are_refused(tmp_path: Path) -> None:
    deep = struct.pack("<IQ", ARRAY, 1) * 10_000
    with pytest.raises(SourceError, match=r"a\.gguf is damaged: its metadata 'key' holds arrays within arrays"):
        metadata(tmp_path, text("key") + struct.pack("<I", ARRAY) + deep)


def test_a_type_that_does_not_exist(tmp_path: Path) -> None:
    for code, of in ((13, b""), (ARRAY, struct.pack("<IQ", 13, 2))):
        with pytest.raises(SourceError, match="'key' has a type 13 that does not exist"):
            metadata(tmp_path, text("key") + struct.pack("<I", code) + of + bytes(64))


def test_of_a_very_long_string_the_start_is_kept(tmp_path: Path) -> None:
    found = metadata(tmp_path, entry("template", STRING, "x" * (TEXT_LIMIT * 3)), entry("after", U8, 1))
    assert found["template"] == "x" * TEXT_LIMIT + f"… ({TEXT_LIMIT * 3:,} bytes)"
    assert found["after"] == 1


def test_bytes_that_are_no_utf8_are_written_out(tmp_path: Path) -> None:
    assert metadata(tmp_path, entry(b"k\xff", STRING, b"\xfe\x00")) == {"k\\xff": "\\xfe\x00"}
