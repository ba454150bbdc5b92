"""Good files with a few bytes changed: opened right or refused in one line, and never read where they have no bytes."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import folders, gguf, pickles, safetensors, torch_files
from hypothesis import given, settings
from hypothesis import strategies as st

from models.opened.source import SourceError
from models.sources.opening import open_source
from models.tensors.readable import Unreadable
from tests.cases import examples

_PICKLE = pickles.whole(
    pickles.a_dict(
        [
            (pickles.text("model"), pickles.state_dict(["a.weight", "b.weight"])),
            (pickles.text("epoch"), pickles.number(3)),
            (pickles.text("losses"), pickles.a_list(pickles.real(0.5), pickles.NONE, pickles.TRUE)),
        ]
    )
)
_LEGACY = torch_files._legacy_state()
_NUMBERS = [0, 1, 127, 128, 255, 256, 65_535, 1 << 31, (1 << 32) - 1, 1 << 62, (1 << 63) - 1, (1 << 64) - 1]

GOOD: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "safetensors": (safetensors.file({"a": safetensors.F32, "b": safetensors._u8(8, 16)}, bytes(16)), bytes),
    "torch-zip": (torch_files.archive(_PICKLE), bytes),
    "torch-pickle": (_PICKLE, torch_files.archive),
    "torch-legacy": (_LEGACY, bytes),
    "gguf": (gguf.file([gguf.pair("k", 9, gguf.array(8, 2, gguf.string("a") + gguf.string("b")))]), bytes),
    "index": (folders.index({"a": folders.A, "b": folders.B}), bytes),
    "distributed": (folders.metadata(), bytes),
}
"""By kind, the bytes that are changed, and how they become a file."""


def changed(data: bytes, seed: int) -> bytes:
    """The bytes with one to four changes: of a byte, of a number, cut out, doubled, put elsewhere, cut off."""
    chance = random.Random(seed)
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        size = chance.choice([1, 1, 2, 4, 8, 30])
        match chance.randrange(7):
            case 0:
                found[at : at + 1] = chance.randbytes(1)
            case 1:
                found[at : at + size] = (chance.choice(_NUMBERS) % (1 << 8 * size)).to_bytes(size, "little")
            case 2:
                del found[at : at + size]
            case 3:
                found[at:at] = found[at : at + size]
            case 4:
                start = chance.randrange(len(found) + 1)
                found[at : at + size] = found[start : start + size]
            case 5:
                found[at:at] = chance.randbytes(size)
            case 6:
                found = found[: max(at, 1)] if chance.random() < 0.2 else found
    return bytes(found) or b"x"


def put(kind: str, data: bytes, folder: Path) -> Path:
    """The file or folder to open."""
    if kind == "index":
        (folder / folders.A).write_bytes(folders.shard("a"))
        (folder / folders.B).write_bytes(folders.shard("b"))
        (folder / folders.INDEX).write_bytes(data)
        return folder / folders.INDEX
    if kind == "distributed":
        (folder / "__0_0.distcp").write_bytes(folders.CHUNK)
        (folder / ".metadata").write_bytes(data)
        return folder
    (folder / "file").write_bytes(data)
    return folder / "file"


def check(path: Path) -> None:
    """Open it, and read the first and last numbers of each tensor that is not huge."""
    try:
        source = open_source(str(path))
    except SourceError as error:
        refusal = error.title
        source = None
    if source is None:
        assert path.name in refusal or ".metadata" in refusal
        assert len(refusal) < 2_000
        return
    assert source.checkpoint is not None
    for tensor in source.checkpoint.tensors[:50]:
        elements, unit = tensor.elements, tensor.dtype.plain.per_unit
        assert elements >= 0
        assert tensor.place is not None
        for start in {0, max(elements - 64, 0) // unit * unit}:
            stop = min(start + 64, elements)
            try:
                data = tensor.flat(start, stop)
            except Unreadable:
                continue
            assert len(data) == tensor.dtype.plain.bytes_for(stop - start)
    for file in source.checkpoint.files:
        file.close()


@pytest.mark.parametrize("kind", GOOD)
def test_the_good_one_opens(kind: str, tmp_path: Path) -> None:
    data, made = GOOD[kind]
    source = open_source(str(put(kind, made(data), tmp_path)))
    assert source.checkpoint is not None
    assert source.checkpoint.tensors


@pytest.mark.parametrize("kind", GOOD)
@given(seed=st.integers(0, 1 << 32))
@settings(max_examples=examples(100), deadline=None)
def test_a_changed_one_is_refused_or_opens(kind: str, seed: int) -> None:
    data, made = GOOD[kind]
    with tempfile.TemporaryDirectory() as folder:
        check(put(kind, made(changed(data, seed)), Path(folder)))


@given(data=st.binary(min_size=1, max_size=400))
@settings(max_examples=examples(100), deadline=None)
def test_any_bytes_are_refused_or_open(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(put("any", data, Path(folder)))
