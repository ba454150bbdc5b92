"""Views of a storage, against torch's `as_strided`; and what of the file is read for them."""

import ctypes
from math import prod

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stored import strided
from models.stored.dtypes import DTYPES
from models.stored.strided import Strided, boxes, bytes_swapped
from tests.cases import examples


class Memory:
    """Bytes, and what was read of them."""

    name = "memory"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, size: int) -> bytes:
        assert offset >= 0
        assert size > 0
        assert offset + size <= len(self.data)
        self.reads.append((offset, size))
        return self.data[offset : offset + size]


def of(tensor: torch.Tensor) -> tuple[Strided, Memory]:
    storage = tensor.untyped_storage()
    memory = Memory(b"head" + ctypes.string_at(storage.data_ptr(), storage.nbytes()))
    dtype = DTYPES[str(tensor.dtype).removeprefix("torch.")]
    return Strided("t", tuple(tensor.shape), dtype, memory, 4, tensor.storage_offset(), tensor.stride()), memory


def raw(tensor: torch.Tensor) -> bytes:
    tensor = tensor.contiguous()
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_as_torch_reads_them(data: st.DataObject) -> None:
    dims = data.draw(st.integers(0, 4))
    shape = data.draw(st.tuples(*[st.integers(1, 5)] * dims))
    stride = data.draw(st.tuples(*[st.integers(0, 7)] * dims))
    offset = data.draw(st.integers(0, 5))
    dtype = data.draw(st.sampled_from([torch.uint8, torch.int16, torch.int32, torch.int64, torch.complex128]))
    needed = offset + 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    tensor = torch.arange(needed).to(dtype).as_strided(shape, stride, offset)
    stored, _ = of(tensor)
    start = data.draw(st.integers(0, prod(shape)))
    stop = data.draw(st.integers(start, prod(shape)))
    assert stored.flat(start, stop) == raw(tensor.reshape(-1)[start:stop])


def test_a_row_of_a_transposed_matrix_is_read_piece_by_piece() -> None:
    matrix = torch.arange(200 * 5000, dtype=torch.int32).reshape(200, 5000)
    stored, memory = of(matrix.t())
    assert stored.flat(0, 200) == raw(matrix[:, 0])
    assert sum(size for _, size in memory.reads) == 200 * 4
    memory.reads.clear()
    assert stored.flat(0, 2000) == raw(matrix[:, :10].t())
    assert len(memory.reads) == 200  # ten elements of each row lie together
    assert sum(size for _, size in memory.reads) == 2000 * 4


def test_what_lies_close_together_is_read_at_once() -> None:
    matrix = torch.arange(100 * 50, dtype=torch.int32).reshape(100, 50)
    stored, memory = of(matrix[:, 3:7])
    assert stored.flat(0, 400) == raw(matrix[:, 3:7])
    assert len(memory.reads) == 1


def test_repeated_elements_are_read_once() -> None:
    stored, memory = of(torch.tensor([7]).expand(1000, 1000))
    assert stored.flat(5, 900_000) == raw(torch.full((900_000 - 5,), 7))
    assert {size for _, size in memory.reads} == {8}
    assert len(memory.reads) <= 3
    assert stored.nbytes == 8


def test_one_read_is_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(strided, "_READ_LIMIT", 1000)
    vector = torch.arange(6000, dtype=torch.int32)
    stored, memory = of(vector[::2])
    assert stored.flat(0, 3000) == raw(vector[::2])
    assert max(size for _, size in memory.reads) <= 1000
    assert len(memory.reads) < 30


def test_boxes_cover_a_range_once_and_in_order() -> None:
    shape = (3, 4, 5)
    for start in range(60):
        for stop in range(start, 61):
            found = []
            for first, sizes in boxes(shape, start, stop):
                grid = torch.arange(60).reshape(shape)
                for axis, (begin, size) in enumerate(zip(first, sizes, strict=True)):
                    grid = grid.narrow(axis, begin, size)
                found += grid.reshape(-1).tolist()
            assert found == list(range(start, stop))
    assert list(boxes((), 0, 1)) == [((), ())]
    assert list(boxes((0, 3), 0, 0)) == []


def test_swapped() -> None:
    assert bytes_swapped(b"abcdefgh", 4) == b"dcbahgfe"
    assert bytes_swapped(b"abc", 1) == b"abc"
