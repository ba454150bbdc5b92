"""Values of quantised tensors, against the maintained package as oracle."""

from __future__ import annotations

import sys
from pathlib import Path

import gguf as oracle
import numpy
import pytest
from gguf.constants import GGMLQuantizationType

from models.sources.gguf.types import BLOCKS
from models.stored.stored import Stored
from models.tensors.readable import Unreadable
from tests.models.sources.gguf.gguf_files import gguf, info, opened

BLOCKS_OF_A_ROW, ROWS = 3, 5


def tensor(path: Path, code: int, raw: bytes, dimensions: tuple[int, ...]) -> Stored:
    file = path / "q.gguf"
    file.write_bytes(gguf([], [info("w", dimensions, code, 0)], raw))
    checkpoint = opened(file).checkpoint
    assert checkpoint is not None
    return checkpoint.tensors[0]


def random_blocks(code: int, count: int) -> bytes:
    return numpy.random.default_rng(code).bytes(BLOCKS[code][2] * count)


@pytest.mark.parametrize("code", BLOCKS)
def test_every_window_is_what_the_package_says(tmp_path: Path, code: int) -> None:
    name, each, _ = BLOCKS[code]
    raw = random_blocks(code, BLOCKS_OF_A_ROW * ROWS)
    stored = tensor(tmp_path, code, raw, (each * BLOCKS_OF_A_ROW, ROWS))
    assert stored.shape == (ROWS, each * BLOCKS_OF_A_ROW)
    assert stored.dtype.name == name
    try:
        kind = GGMLQuantizationType(code)
        with numpy.errstate(all="ignore"):
            whole = oracle.dequantize(numpy.frombuffer(raw, numpy.uint8).reshape(ROWS, -1), kind).tobytes()
    except (ValueError, NotImplementedError):  # an older package does not know all
        with pytest.raises(Unreadable, match=rf"{name} need a newer gguf package|no way to turn {name} into numbers"):
            stored.flat(0, 1)
        return
    end = stored.elements
    for start, stop in ((0, end), (0, 1), (each - 1, each + 1), (end - 1, end), (each, 2 * each), (7, 7), (5, end - 3)):
        assert bytes(stored.flat(start, stop)) == whole[start * 4 : stop * 4]


def test_only_the_blocks_that_are_asked_for_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = tensor(tmp_path, 8, random_blocks(8, 1000), (32, 1000))
    reads: list[tuple[int, int]] = []
    file = stored._file  # type: ignore[attr-defined]
    read = type(file).read
    monkeypatch.setattr(
        type(file), "read", lambda self, offset, size: reads.append((offset, size)) or read(self, offset, size)
    )
    stored.flat(3200 + 31, 3200 + 33)
    assert [size for _, size in reads] == [2 * 34]


def test_what_was_quantised_comes_back_about_the_same(tmp_path: Path) -> None:
    written = numpy.random.default_rng(0).standard_normal((4, 512)).astype(numpy.float32)
    raw = oracle.quantize(written, GGMLQuantizationType.Q8_0).tobytes()
    stored = tensor(tmp_path, 8, raw, (512, 4))
    found = numpy.frombuffer(stored.flat(0, 2048), numpy.float32).reshape(4, 512)
    assert numpy.abs(found - written).max() < 0.02
    assert stored.nbytes == len(raw) == 2048 // 32 * 34
    assert dict(stored.notes)["Quantised"] == "Q8_0: 32 elements in 34 bytes, 8.5 bits an element"


def test_more_than_is_dequantised_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.sources.gguf.quantised._AT_ONCE", 100)
    raw = random_blocks(8, 40)
    stored = tensor(tmp_path, 8, raw, (32, 40))
    with numpy.errstate(all="ignore"):
        whole = oracle.dequantize(numpy.frombuffer(raw, numpy.uint8), GGMLQuantizationType.Q8_0).tobytes()
    assert bytes(stored.flat(50, 1200)) == whole[200:4800]


def test_without_the_package_the_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = tensor(tmp_path, 12, random_blocks(12, 1), (256,))
    for name in list(sys.modules):
        if name == "gguf" or name.startswith("gguf."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(
        Unreadable, match=r"Values of Q4_K need the gguf package: pip install 'modulescope\[gguf\]'"
    ) as error:
        stored.flat(0, 1)
    assert isinstance(error.value.__cause__, ImportError)


def test_a_file_that_was_cut_meanwhile(tmp_path: Path) -> None:
    stored = tensor(tmp_path, 8, random_blocks(8, 40), (32, 40))
    with (tmp_path / "q.gguf").open("r+b") as file:
        file.truncate(200)
    with pytest.raises(Unreadable, match=r"q\.gguf was changed"):
        stored.flat(0, 10)
