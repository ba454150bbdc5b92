"""NumPy's files, with NumPy as the oracle of what is in them."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.opened.source import SourceError
from models.sources.numpy_file import ALONE
from models.sources.opening import open_source
from models.stored.checkpoint import Checkpoint
from models.stored.dtypes import unpack_numbers
from models.stored.stored import Stored
from models.stored.unpacked import BLOCK
from models.tensors.readable import Unreadable

CODES = ["?", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
SHAPES = [(), (1,), (5,), (3, 4), (2, 3, 4), (0, 3), (1, 7, 1, 2)]


def opened(path: Path) -> Checkpoint:
    checkpoint = open_source(str(path)).checkpoint
    assert checkpoint is not None
    return checkpoint


def of(stored: Stored, start: int = 0, stop: int | None = None) -> list[Any]:
    stop = stored.elements if stop is None else stop
    return list(unpack_numbers(stored.dtype, stored.flat(start, stop), stop - start))


def made(code: str, shape: tuple[int, ...]) -> Any:
    count = int(numpy.prod(shape))
    return (numpy.arange(count) % 120).astype(code).reshape(shape)


def written(path: Path, array: Any, version: tuple[int, int] | None = None) -> Path:
    with path.open("wb") as file:
        numpy.lib.format.write_array(file, array, version=version)
    return path


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("code", CODES)
def test_an_array_in_every_type_and_order(tmp_path: Path, code: str, shape: tuple[int, ...], order: str) -> None:
    for endian in ("<", ">"):
        array = numpy.array(made(code, shape), dtype=numpy.dtype(code).newbyteorder(endian), order=order)
        (tensor,) = opened(written(tmp_path / "a.npy", array)).tensors
        assert (tensor.path, tensor.shape, tensor.elements) == (ALONE, shape, array.size)
        assert of(tensor) == array.ravel(order="C").tolist()
        assert tensor.nbytes == array.nbytes


@given(st.data())
def test_any_part_of_any_array(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    array = numpy.asarray(made(">i4", shape), order=data.draw(st.sampled_from("CF")))
    buffer = io.BytesIO()
    numpy.savez_compressed(buffer, a=array, b=array)
    path = tmp_path_factory.mktemp("any") / "a.npz"
    path.write_bytes(buffer.getvalue())
    start = data.draw(st.integers(0, array.size))
    stop = data.draw(st.integers(start, array.size))
    for tensor in opened(path).tensors:
        assert of(tensor, start, stop) == array.ravel(order="C").tolist()[start:stop]


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_header(tmp_path: Path, version: tuple[int, int]) -> None:
    (tensor,) = opened(written(tmp_path / "a.npy", made("<f4", (2, 3)), version)).tensors
    assert of(tensor) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("save", [numpy.savez, numpy.savez_compressed])
def test_several_arrays_keep_their_names_and_order(tmp_path: Path, save: Any) -> None:
    arrays = {"layer.weight": made("<f4", (30, 20)), "layer.bias": made("<f4", (30,)), "a/b": made("<i8", (2,))}
    save(tmp_path / "a.npz", **arrays)
    checkpoint = opened(tmp_path / "a.npz")
    assert [tensor.path for tensor in checkpoint.tensors] == list(arrays)
    assert [of(tensor) for tensor in checkpoint.tensors] == [each.ravel().tolist() for each in arrays.values()]
    assert (checkpoint.items, checkpoint.warnings, checkpoint.kind) == ([], [], "NumPy archive")


def test_a_large_compressed_array_is_read_from_anywhere(tmp_path: Path) -> None:
    random = numpy.random.default_rng(0)
    array = random.integers(0, 4, 3 * BLOCK, dtype="<i4")  # twelve blocks
    numpy.savez_compressed(tmp_path / "a.npz", a=array)
    (tensor,) = opened(tmp_path / "a.npz").tensors
    for start in (array.size - 10, 0, BLOCK + 7, array.size // 2, 5, *random.integers(0, array.size - 10, 20).tolist()):
        assert of(tensor, start, start + 10) == array[start : start + 10].tolist()
    whole = b"".join(tensor.flat(start, min(start + 100_000, array.size)) for start in range(0, array.size, 100_000))
    assert whole == array.tobytes()


class Trap:
    """Unpickling it would be noticed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("unpickled"),))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (numpy.array([Trap(), None], dtype=object), ["[2]", "Python objects", "nothing is unpickled"]),
        (numpy.array(["one", "two"]), ["[2]", "texts"]),
        (numpy.array(["2020-01-01"], dtype="M8[D]"), ["[1]", "dates"]),
        (numpy.zeros(3, dtype=[("a", "<f4"), ("b", "<i2")]), ["[3]", "records with 2 fields"]),
    ],
)
def test_what_is_no_numbers_is_named_and_never_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: Any, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    numpy.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(SourceError) as raised:
        open_source("a.npy")
    assert all(word in f"{raised.value.title} {raised.value.text}" for word in words)
    numpy.savez(tmp_path / "b.npz", odd=array, fine=made("<f4", (2,)))
    checkpoint = opened(tmp_path / "b.npz")
    assert [tensor.path for tensor in checkpoint.tensors] == ["fine"]
    (item,) = checkpoint.items
    assert item.path == "odd"
    assert all(word in item.text for word in words)
    assert not (tmp_path / "unpickled").exists()


def header(text: str, version: int = 1) -> bytes:
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x93NUMPY", "does not begin as an array"),
        (b"\x93NUMPY\x07\0aaaa", "version 7.0"),
        (header("x" * 70_000, 2), "a header of 70,000 bytes"),
        (b"\x93NUMPY\x01\0\xff\xff{}", "a header of 65,535 bytes"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}"), "cut short"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}"), "no type, order and shape"),
        (header("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}"), "no type, order and shape"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}"), "no type, order and shape"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,) * 2}"), "not understood"),
        (header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {(10**12,) * 9}}}"), "elements"),
        (header("__import__('os').getcwd()"), "not understood"),
        (header("[" * 3000), "not understood"),
        (header("{'descr': '\\d', 'fortran_order': False, 'shape': ()}"), "not understood"),
    ],
)
def test_a_broken_array_is_refused_in_a_line(tmp_path: Path, raw: bytes, words: str) -> None:
    (tmp_path / "a.npy").write_bytes(raw)
    with pytest.raises(SourceError) as raised:
        open_source(str(tmp_path / "a.npy"))
    assert words in raised.value.title
    assert "\n" not in raised.value.title


@pytest.mark.parametrize("descr", ["f4", "<f4", "=f4", "|f4"])
def test_the_order_of_bytes_may_be_left_out(tmp_path: Path, descr: str) -> None:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (3,)}}"
    (tmp_path / "a.npy").write_bytes(header(text) + made("<f4", (3,)).tobytes())
    (tensor,) = opened(tmp_path / "a.npy").tensors
    assert of(tensor) == numpy.load(tmp_path / "a.npy").tolist() == [0, 1, 2]


def test_python_2_and_what_follows_an_array(tmp_path: Path) -> None:
    text = "{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 1L), }"
    (tmp_path / "a.npy").write_bytes(header(text) + bytes([1, 0, 0, 0, 2, 0, 0, 0]) + b"more")
    checkpoint = opened(tmp_path / "a.npy")
    assert of(checkpoint.tensors[0]) == [1, 2]
    assert checkpoint.warnings == ["4 bytes follow the array, and are not shown."]


@pytest.mark.parametrize("place", [60, 3000])
def test_a_record_that_is_damaged_costs_only_itself(tmp_path: Path, place: int) -> None:
    numpy.savez_compressed(tmp_path / "a.npz", one=made("<f4", (5000,)), two=numpy.arange(20_000))
    raw = bytearray((tmp_path / "a.npz").read_bytes())
    place += raw.index(b"two.npy")
    raw[place : place + 60] = b"\xff" * 60
    (tmp_path / "a.npz").write_bytes(raw)
    checkpoint = opened(tmp_path / "a.npz")
    one, *rest = checkpoint.tensors
    assert of(one) == (numpy.arange(5000) % 120).tolist()
    if rest:  # its header could be read; what follows unpacks, and only its checksum is wrong
        with pytest.raises(Unreadable, match="damaged"):
            of(rest[0])
    else:
        (item,) = checkpoint.items
        assert "damaged" in item.text
        assert "'two' is broken" in checkpoint.warnings[0]


def test_a_record_that_claims_more_than_it_can_hold_is_reported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}") + bytes(8))
        archive.writestr("note.txt", "no array")
        archive.filelist[0].file_size = 1 << 40
    with pytest.raises(SourceError, match="damaged"):
        open_source(str(tmp_path / "a.npz"))


@given(st.binary(max_size=400), st.integers(0, 300), st.integers(1, 40))
def test_no_damage_is_a_fault(tmp_path_factory: pytest.TempPathFactory, bad: bytes, place: int, cut: int) -> None:
    buffer = io.BytesIO()
    numpy.savez_compressed(buffer, a=made("<f4", (20, 3)), b=made(">c16", (4,)))
    raw = bytearray(buffer.getvalue())
    raw[place : place + len(bad)] = bad
    path = tmp_path_factory.mktemp("bad") / "a.npz"
    path.write_bytes(b"PK\3\4" + raw[4 : len(raw) - cut + 1])
    try:
        for tensor in opened(path).tensors:
            of(tensor)
    except (SourceError, Unreadable):
        pass


def test_neither_torch_nor_numpy_is_needed(tmp_path: Path) -> None:
    numpy.savez_compressed(tmp_path / "a.npz", a=made("<f4", (20, 3)))
    program = (
        "import sys; from models.sources.opening import open_source; "
        f"c = open_source({str(tmp_path / 'a.npz')!r}).checkpoint; c.tensors[0].flat(0, 60); "
        "print({'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[4], check=True
    )
    assert done.stdout == "set()\n"
