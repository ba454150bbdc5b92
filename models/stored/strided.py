"""A stored tensor that views its storage with strides: transposed, sliced, expanded, or big-endian.

Elements are gathered into row-major order.  A box of the tensor's indices is read at a time, as a whole where its bytes
lie close together, else piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Literal, Protocol

from ..tensors.extents import Extent, extent_of
from ..tensors.lattice import span_of
from .stored import InStrides, StoredKind

if TYPE_CHECKING:
    from .dtypes import DType

Sizes = tuple[int, ...]
"""A shape, strides or index, a number for each dimension."""
Dims = list[tuple[int, int, int]]
"""Size, stride in the storage and stride in the result, of each dimension."""
_GAP_LIMIT = 4096
"""Bytes between two elements up to which one read of all costs less than two: a disk gives whole pages anyway."""
_READ_LIMIT = 32 << 20
"""Bytes that are read at once."""
_FORMATS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


class ByteSource(Protocol):
    """Bytes that are read by position: a `DataFile`, an `Unpacked` record."""

    name: str

    def read(self, offset: int, size: int, /) -> bytes:
        """Return exactly `size` bytes from `offset` on; raises `Unreadable` where that fails."""


class Strided(InStrides):
    """A view: the element at an index lies at `offset + sum(index * stride)` of a storage at byte `start` of `source`.

    `offset` and `stride` count elements.  The caller must have checked that all of them lie in the storage.
    """

    __slots__ = ("_notes", "_storage", "offset", "source", "start", "swap")

    def __init__(
        self,
        path: str,
        shape: Sizes,
        dtype: DType,
        source: ByteSource,
        start: int,
        offset: int,
        stride: Sizes,
        kind: StoredKind | None = None,
        storage: object = None,
        notes: list[tuple[str, str]] | None = None,
        swap: bool = False,
    ) -> None:
        super().__init__(path, shape, dtype, kind)
        self.source = source
        self.start = start
        self.offset = offset
        self.stride = stride
        self.swap = swap
        """Whether the storage is big-endian."""
        self._storage = storage
        self._notes = notes or []

    @property
    def nbytes(self) -> int:
        """Return the bytes of its elements, those that repeat counted once."""
        return self.dtype.unit * distinct(self.shape, self.stride)

    @property
    def place(self) -> str:
        """Return the file, the offset of the first element in bytes, and the strides in elements."""
        strides = ", ".join(map(str, self.stride))
        return f"{self.source.name} @ {self.start + self.offset * self.dtype.unit:,}, strides {strides}"

    @property
    def storage(self) -> object:
        """Return the key of its storage, equal for views of the same one; None where nothing is shared."""
        return self._storage

    @property
    def extent(self) -> Extent:
        """Return the bytes of its source that its elements take."""
        return extent_of(self.start + self.offset * self.dtype.unit, self.shape, self.stride, self.dtype.unit)

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return the facts for the Info pane that its reader gave, label and text."""
        return self._notes

    def part(self, first: Sizes, shape: Sizes) -> Strided:
        """Return a box of the tensor, a view of the same storage; see `InStrides.part`."""
        return self._like(sum(map(mul, first, self.stride)), shape, self.stride)

    def span(self) -> Strided:
        """Return the stored elements from first to last in one dimension; see `InStrides.span`."""
        return self._like(0, (span_of(self.shape, self.stride),), (1,))

    def _like(self, further: int, shape: Sizes, stride: Sizes) -> Strided:
        return Strided(
            self.path, shape, self.dtype, self.source, self.start, self.offset + further, stride, self.kind,
            self._storage, self._notes, self.swap,
        )  # fmt: skip

    def flat(self, start: int, stop: int) -> bytes:
        """Return the elements `start` to `stop` gathered in row-major order, little-endian; see `Stored.flat`."""
        unit = self.dtype.unit
        parts = [self._box(first, sizes) for first, sizes in boxes(self.shape, start, stop)]
        data = b"".join(parts)
        return bytes_swapped(data, unit // 2 if self.dtype.number == "complex" else unit) if self.swap else data

    def _box(self, first: Sizes, sizes: Sizes) -> bytes:
        """Return the box at index `first`, `sizes` in each dimension, in row-major order."""
        unit = self.dtype.unit
        out = bytearray(prod(sizes) * unit)
        base = self.offset + sum(index * stride for index, stride in zip(first, self.stride, strict=True))
        dims = []
        stride_out = 1
        for size, stride in reversed(list(zip(sizes, self.stride, strict=True))):
            if size > 1:
                dims.append((size, stride, stride_out))
            stride_out *= size
        if unit == 16:  # complex128 is copied by halves
            dims = [(size, 2 * stride, 2 * to) for size, stride, to in dims] + [(2, 1, 1)]
            unit, base = 8, 2 * base
        dims.sort(key=lambda dim: -dim[1])
        self._gather(memoryview(out).cast(_FORMATS[unit]), unit, base, 0, dims)
        return bytes(out)

    def _gather(self, out: memoryview, unit: int, base: int, to: int, dims: Dims) -> None:
        """Read `dims` (count, step in the storage, step in `out`), the widest step first, to `out[to]` and on."""
        spans = [1]  # elements from the first to the last one of the innermost dimensions
        close = True
        for count, stride, _ in reversed(dims):
            close = close and (stride - spans[-1]) * unit <= _GAP_LIMIT
            spans.append(spans[-1] + (count - 1) * stride)
        if close and spans[-1] * unit <= _READ_LIMIT:
            data = self.source.read(self.start + base * unit, spans[-1] * unit)
            _scatter(memoryview(data).cast(_FORMATS[unit]), 0, out, to, sorted(dims, key=lambda dim: dim[0]))
            return
        (count, stride, stride_out), *rest = dims
        at_once = max(1, (_READ_LIMIT // unit - spans[-2]) // stride + 1) if close else 1
        for first in range(0, count, at_once):
            indices = min(at_once, count - first)
            part = [(indices, stride, stride_out), *rest] if indices > 1 else rest
            self._gather(out, unit, base + first * stride, to + first * stride_out, part)


def distinct(shape: Sizes, stride: Sizes) -> int:
    """Return how many elements a view has, one that it repeats counted once; at most, where strides overlap."""
    once = prod(size for size, step in zip(shape, stride, strict=True) if step or not size)
    return min(once, span_of(shape, stride))


def _scatter(data: memoryview, at: int, out: memoryview, to: int, dims: Dims) -> None:
    if not dims:
        out[to] = data[at]
        return
    (count, stride, stride_out), *rest = dims
    if not rest:
        target = slice(to, to + (count - 1) * stride_out + 1, stride_out)
        if stride:
            out[target] = data[at : at + (count - 1) * stride + 1 : stride]
        else:
            out[target] = memoryview(data[at : at + 1].tobytes() * count).cast(_FORMATS[out.itemsize])
        return
    for index in range(count):
        _scatter(data, at + index * stride, out, to + index * stride_out, rest)


def boxes(shape: Sizes, start: int, stop: int) -> Iterator[tuple[Sizes, Sizes]]:
    """Yield the row-major elements `start` to `stop` as boxes in order: the first index and the size of each."""
    dims = len(shape)
    rows = [prod(shape[axis + 1 :]) for axis in range(dims)]  # elements below one index of an axis
    while start < stop:
        first = tuple(start // rows[axis] % shape[axis] for axis in range(dims))
        axis = dims  # the outermost axis along which whole indices fit
        while axis > 0 and not any(first[axis:]) and start + rows[axis - 1] <= stop:
            axis -= 1
        if not dims:
            yield (), ()
            return
        count = min((stop - start) // rows[axis], shape[axis] - first[axis])
        yield first, (1,) * axis + (count, *shape[axis + 1 :])
        start += count * rows[axis]


def bytes_swapped(data: bytes, unit: int) -> bytes:
    """Return the data with each `unit` bytes in the opposite order."""
    if unit == 1:
        return data
    out = bytearray(len(data))
    for index in range(unit):
        out[index::unit] = data[unit - 1 - index :: unit]
    return bytes(out)
