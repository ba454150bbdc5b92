"""Headers: right ones as the maintained package reads them, and each rule of the format broken once."""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from pathlib import Path

import gguf as oracle
import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.opened.source import SourceError
from models.sources.gguf.cursor import HEADER_LIMIT, WALK_LIMIT
from models.sources.gguf.header import read_header
from models.sources.gguf.types import FILE_TYPES
from models.stored.dtypes import unpack_numbers
from models.stored.file import DataFile
from models.tensors.readable import Unreadable
from tests.cases import examples
from tests.models.sources.gguf.gguf_files import ARRAY, F32, I32, STRING, U8, U32, entry, gguf, info, opened, text

F16_CODE, F32_CODE, Q8_0 = 1, 0, 8


def refused(path: Path, raw: bytes) -> str:
    file = path / "bad.gguf"
    file.write_bytes(raw)
    with pytest.raises(SourceError) as error:
        opened(file)
    assert "\n" not in error.value.title
    assert len(error.value.title) < 300
    return error.value.title


def test_a_file_of_the_package_is_what_its_own_reader_sees(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    writer = oracle.GGUFWriter(path, "llama")
    writer.add_custom_alignment(64)
    writer.add_string("general.name", "Small")
    writer.add_uint32("llama.block_count", 2)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    writer.add_token_list([f"word{number}" for number in range(500)])
    random = numpy.random.default_rng(0)
    for number, dtype in enumerate(["f4", "f2", "f8", "i1", "i2", "i4", "i8"]):
        writer.add_tensor(f"blk.{number}.weight", (random.standard_normal((3, 5)) * 50).astype(dtype))
    q4 = oracle.GGMLQuantizationType.Q4_0
    writer.add_tensor("q.weight", oracle.quantize(random.standard_normal((2, 3, 64), dtype="f4"), q4), raw_dtype=q4)
    writer.add_tensor("one", numpy.array([1.5], dtype="f4"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    source = opened(path)
    checkpoint = source.checkpoint
    assert checkpoint is not None
    assert (source.kind, checkpoint.kind, checkpoint.classes) == ("checkpoint", "GGUF file", {"": "llama"})
    assert checkpoint.metadata["general"] == {"architecture": "llama", "alignment": 64, "name": "Small"}
    assert checkpoint.metadata["llama"] == {"block_count": 2, "attention": {"layer_norm_rms_epsilon": 1e-5}}
    expected = oracle.GGUFReader(path).tensors
    assert [stored.path for stored in checkpoint.tensors] == [tensor.name for tensor in expected]
    for stored, tensor in zip(checkpoint.tensors, expected, strict=True):
        assert stored.shape == tuple(reversed(tensor.shape.tolist()))
        assert stored.nbytes == tensor.n_bytes
        assert stored.place == f"m.gguf @ {tensor.data_offset:,}"
        if stored.dtype.plain is stored.dtype:
            raw = stored.flat(0, stored.elements)
            assert bytes(raw) == tensor.data.tobytes()
            assert unpack_numbers(stored.dtype, raw, stored.elements) == tensor.data.ravel().tolist()


def test_a_key_that_is_a_value_and_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "k.gguf").write_bytes(
        gguf([entry(key, U8, number) for number, key in enumerate(["a", "a.b", "c.d.e", "c.d", ".".join("x" * 5000)])])
    )
    checkpoint = opened(tmp_path / "k.gguf").checkpoint
    assert checkpoint is not None
    inner = checkpoint.metadata.pop("x")
    assert checkpoint.metadata == {"a": 0, "a.b": 1, "c": {"d": {"e": 2}}, "c.d": 3}
    depth = 0
    while isinstance(inner, dict):
        (inner,) = inner.values()
        depth += 1
    assert (inner, depth) == (4, 8)


@pytest.mark.parametrize("version", [2, 3])
def test_an_empty_file_of_both_versions(tmp_path: Path, version: int) -> None:
    (tmp_path / "e.gguf").write_bytes(gguf(version=version))
    checkpoint = opened(tmp_path / "e.gguf").checkpoint
    assert checkpoint is not None
    assert (checkpoint.tensors, checkpoint.metadata, checkpoint.classes) == ([], {}, {})


def test_scalars_and_empty_tensors(tmp_path: Path) -> None:
    (tmp_path / "s.gguf").write_bytes(
        gguf([], [info("s", (), F32_CODE, 0), info("z", (0, 4), F32_CODE, 0)], struct.pack("<f", 2.5))
    )
    checkpoint = opened(tmp_path / "s.gguf").checkpoint
    assert checkpoint is not None
    scalar, empty = checkpoint.tensors
    assert (scalar.shape, unpack_numbers(scalar.dtype, scalar.flat(0, 1), 1)) == ((), [2.5])
    assert (empty.shape, empty.nbytes, bytes(empty.flat(0, 0))) == ((4, 0), 0, b"")


def test_tensors_of_types_that_are_not_known_keep_their_rows(tmp_path: Path) -> None:
    infos = [info(f"t{number}", (4, 2), 700 + number % 2, 32 * number) for number in range(5)]
    path = tmp_path / "u.gguf"
    path.write_bytes(gguf([], [*infos, info("good", (4,), F32_CODE, 160), info("off", (9,), 700, 960)], bytes(200)))
    checkpoint = opened(path).checkpoint
    assert checkpoint is not None
    *unknown, good, off = checkpoint.tensors
    data = path.stat().st_size - 200
    assert [(each.path, each.shape, each.dtype.name, each.nbytes) for each in unknown[:2]] == [
        ("t0", (2, 4), "type 700", 32), ("t1", (2, 4), "type 701", 32),
    ]  # fmt: skip
    assert unknown[1].place == f"u.gguf @ {data + 32:,}"
    assert (good.path, good.numbers(0, 4), off.nbytes) == ("good", [0.0] * 4, 0)
    assert unknown[0].absence == ("unsupported", "type 700 is not known: a newer modulescope may read it")
    with pytest.raises(Unreadable, match="type 700 is not known"):
        unknown[0].numbers(0, 1)
    assert "type 700 is not known" in unknown[0].notes[0][1]
    (warning,) = checkpoint.warnings
    assert warning.startswith("6 tensors are of a type that is not known (number 700, 701): ")


def test_the_type_of_the_file_stands_in_words(tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(gguf([entry("general.file_type", U32, 15)]))
    checkpoint = opened(tmp_path / "w.gguf").checkpoint
    assert checkpoint is not None
    assert checkpoint.kind == "GGUF file, mostly Q4_K_M"
    assert checkpoint.metadata == {"general": {"file_type": 15, "file_type in words": "mostly Q4_K_M"}}
    for member in oracle.LlamaFileType:
        if member.name.startswith("MOSTLY_"):
            assert FILE_TYPES[member.value].split()[1].rstrip(",") in member.name, member


def test_a_tensor_that_was_reshaped_for_its_blocks_has_its_own_shape(tmp_path: Path) -> None:
    shapes = [("a", [2, 2, 2]), ("b", [5, 5]), ("gone", [1])]
    entries = [entry(f"comfy.gguf.orig_shape.{name}", ARRAY, (I32, shape)) for name, shape in shapes]
    infos = [info("a", (4, 2), F32_CODE, 0), info("b", (8,), F32_CODE, 32)]
    (tmp_path / "o.gguf").write_bytes(gguf(entries, infos, struct.pack("<16f", *range(16))))
    checkpoint = opened(tmp_path / "o.gguf").checkpoint
    assert checkpoint is not None
    first, second = checkpoint.tensors
    assert (first.shape, second.shape) == ((2, 2, 2), (8,))
    assert first.numbers(0, 8) == [float(number) for number in range(8)]
    assert checkpoint.metadata["comfy"]["gguf"]["orig_shape"] == {"b": [5, 5], "gone": [1]}


def test_versions_that_are_not_read(tmp_path: Path) -> None:
    assert "version 1" in refused(tmp_path, gguf(version=1))
    assert "version 4" in refused(tmp_path, gguf(version=4))
    big = b"GGUF" + struct.pack(">IQQ", 3, 0, 0)
    assert "big-endian" in refused(tmp_path, big)


def test_missing_bytes_are_counted(tmp_path: Path) -> None:
    whole = gguf([], [info("a", (64,), F32_CODE, 0), info("b", (10,), F16_CODE, 256)], bytes(276))
    assert "bad.gguf is cut short: 76 of its" in refused(tmp_path, whole[:-76])
    assert "its header needs" in refused(tmp_path, whole[:40])


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (gguf([entry("a", U8, 1), entry("a", U8, 2)]), "its metadata has 'a' twice"),
        (gguf([], [info("w", (4,), 0, 0), info("w", (4,), 0, 32)], bytes(64)), "it has two tensors 'w'"),
        (gguf([], [info("w", (4,), 0, 8)], bytes(64)), "'w' lies at 8, no multiple of the alignment 32"),
        (gguf([], [info("w", (16,), 0, 0), info("v", (4,), 0, 32)], bytes(64)), "'v' lies within the bytes of 'w'"),
        (gguf([], [info("w", (31,), Q8_0, 0)], bytes(64)), "no multiple of a Q8_0 block"),
        (gguf([], [info("w", (1,) * 9, 0, 0)], bytes(64)), "'w' has 9 dimensions"),
        (gguf([], [info("w", (2**32, 2**31), 0, 0)], bytes(64)), "that no memory holds"),
        (gguf([], [info("w", (0, 2**63), 0, 0)], bytes(64)), "that no memory holds"),
        (gguf([], [info("w", (2**40,), 0, 0)], bytes(64)), "is cut short"),
        (gguf([], [info("w", (4,), 0, 2**63)], bytes(64)), "is cut short"),
        (gguf([entry("general.alignment", U32, 24)]), "its alignment is '24', which is no power of two"),
        (gguf([entry("general.alignment", U32, 0)]), "its alignment is '0'"),
        (gguf([entry("general.alignment", STRING, "x" * 9999)]), "its alignment is 'x"),
        (gguf(counts=(2**63, 0)), "its header needs"),
        (gguf(counts=(0, 2**63)), "its header needs"),
        (gguf([struct.pack("<Q", 2**62) + b"abc"]), "its header needs"),
        (gguf([text("k") + struct.pack("<IIQ", ARRAY, F32, 2**62)]), "its header needs"),
        (gguf([text("k") + struct.pack("<IIQ", ARRAY, STRING, 2**62)]), "its header needs"),
        (gguf([], [text("w") + struct.pack("<I", 2**32 - 1)]), "'w' has 4,294,967,295 dimensions"),
        (gguf([], [info("\x1b[31m\u202e" + "n" * 10_000, (1,) * 9, 0, 0)]), "'\\x1b[31m\\u202ennn"),
    ],
)
def test_each_rule_broken_once(tmp_path: Path, raw: bytes, says: str) -> None:
    assert says in refused(tmp_path, raw)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([text("k") + struct.pack("<IIQ", ARRAY, U8, 2 * HEADER_LIMIT)], "its header claims to be larger than 512 MB"),
        ([text("k") + struct.pack("<IIQ", ARRAY, STRING, WALK_LIMIT + 1)], "its header lists"),
        ([text("k") + struct.pack("<IQ", STRING, 2 * HEADER_LIMIT)], "its header claims to be larger than 512 MB"),
    ],
)
def test_a_sparse_file_cannot_make_it_read_for_ever(tmp_path: Path, entries: list[bytes], says: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(gguf(entries))
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(SourceError, match=says):
        opened(path)


GOOD = gguf(
    [entry("general.architecture", STRING, "x"), entry("t", ARRAY, (STRING, ["a", "b"])), entry("e", F32, 0.5)],
    [info("w", (32, 2), Q8_0, 0), info("v", (3,), F32_CODE, 96)],
    bytes(range(108)),
)


def test_the_file_that_is_mutated_is_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "g.gguf").write_bytes(GOOD)
    checkpoint = opened(tmp_path / "g.gguf").checkpoint
    assert checkpoint is not None
    assert [stored.path for stored in checkpoint.tensors] == ["w", "v"]


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(4, len(GOOD) - 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4
    ),
    cut=st.integers(24, len(GOOD)),
)
def test_mutated_files_are_opened_or_refused(tmp_path: Path, changes: list[tuple[int, bytes]], cut: int) -> None:
    raw = bytearray(GOOD)
    for place, replacement in changes:
        raw[place : place + len(replacement)] = replacement
    path = tmp_path / "m.gguf"
    path.write_bytes(raw[:cut])
    try:
        checkpoint = opened(path).checkpoint
    except SourceError:
        return
    assert checkpoint is not None
    for stored in checkpoint.tensors:
        count = min(stored.elements, 100)
        with suppress(Unreadable):
            assert len(stored.flat(0, count)) == stored.dtype.plain.bytes_for(count)


@pytest.mark.parametrize("ahead", [1, 60, 100, 200, 5000])
def test_what_is_read_ahead_changes_nothing(tmp_path, monkeypatch, ahead):
    tensors = [(f"{'n' * (at * 7 % 90)}.{at}", (32, 2, 3, 1)[: at % 5], at % 2) for at in range(60)]
    path = write_many(tmp_path / "x.gguf", tensors)
    whole = read_header(DataFile(path))
    monkeypatch.setattr("models.sources.gguf.cursor._AHEAD", ahead)
    monkeypatch.setattr("models.sources.gguf.cursor._LITTLE", 0)
    assert read_header(DataFile(path)) == whole
    assert [(each.name, each.shape, each.code) for each in whole.infos] == tensors
    header = path.read_bytes()[: whole.infos[0].offset]
    for size in range(24, len(header), 37):
        (tmp_path / "cut.gguf").write_bytes(header[:size])
        with pytest.raises(SourceError, match=r"damaged or cut short|is cut short"):
            read_header(DataFile(tmp_path / "cut.gguf"))


def write_many(path, tensors):
    """Tensors of 16 or 32 bits, one after another."""
    infos, offset = b"", 0
    for name, shape, code in tensors:
        infos += struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", len(shape))
        infos += struct.pack(f"<{len(shape)}QIQ", *reversed(shape), code, offset)
        offset += -(-math.prod(shape) * (2 if code else 4) // 32) * 32
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0) + infos
    with path.open("wb") as file:
        file.write(header + bytes(-len(header) % 32))
        file.truncate(file.tell() + offset)
    return path
