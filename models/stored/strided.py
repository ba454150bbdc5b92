"""A tensor that views its storage with strides: transposed, sliced, expanded, or another's with swapped bytes.

Elements are brought from where they lie into row-major order.  What is read is a box of the tensor's indices at a time,
as a whole where its bytes lie close together, else piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Literal, Protocol

from ..tensors.lattice import span_of
from .stored import InStrides, StoredKind

if TYPE_CHECKING:
    from .dtypes import DType

Sizes = tuple[int, ...]
Dims = list[tuple[int, int, int]]
_GAP = 4096
"""Bytes that are read in vain rather than read apart: a disk gives whole pages anyway."""
_MOST = 32 << 20
"""Bytes read at once."""
_FORMATS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Bytes(Protocol):
    """What is read by position: a `DataFile`, an `Unpacked` record."""

    name: str

    def read(self, offset: int, size: int, /) -> bytes:
        """Exactly so many bytes; raises Unreadable."""


class Strided(InStrides):
    """Elements at `offset + sum(index * stride)` of a storage that begins at byte `start` of `source`.

    `offset` and `stride` count elements.  The caller has made sure that all of them lie in the storage.
    """

    __slots__ = ("_notes", "_storage", "offset", "source", "start", "swap")

    def __init__(
        self,
        path: str,
        shape: Sizes,
        dtype: DType,
        source: Bytes,
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
        """Whether the storage has the other order of bytes."""
        self._storage = storage
        self._notes = notes or []

    @property
    def nbytes(self) -> int:
        """Of its elements, those that repeat counted once."""
        once = prod(size for size, step in zip(self.shape, self.stride, strict=True) if step or not size)
        return self.dtype.unit * min(once, span_of(self.shape, self.stride))

    @property
    def place(self) -> str:
        """Of its first element, and its strides."""
        steps = ", ".join(map(str, self.stride))
        return f"{self.source.name} @ {self.start + self.offset * self.dtype.unit:,}, strides {steps}"

    @property
    def storage(self) -> object:
        """As it was given."""
        return self._storage

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Its strides, offset and storage, and what else was given."""
        return self._notes

    def part(self, first: Sizes, shape: Sizes) -> Strided:
        """See `InStrides.part`."""
        return self._like(sum(map(mul, first, self.stride)), shape, self.stride)

    def span(self) -> Strided:
        """See `InStrides.span`."""
        return self._like(0, (span_of(self.shape, self.stride),), (1,))

    def _like(self, further: int, shape: Sizes, stride: Sizes) -> Strided:
        return Strided(
            self.path, shape, self.dtype, self.source, self.start, self.offset + further, stride, self.kind,
            self._storage, self._notes, self.swap,
        )  # fmt: skip

    def flat(self, start: int, stop: int) -> bytes:
        """See `Stored.flat`."""
        unit = self.dtype.unit
        parts = [self._box(first, sizes) for first, sizes in boxes(self.shape, start, stop)]
        data = b"".join(parts)
        return swapped(data, unit // 2 if self.dtype.number == "complex" else unit) if self.swap else data

    def _box(self, first: Sizes, sizes: Sizes) -> bytes:
        """The elements from index `first` on, `sizes` many in each dimension, in row-major order."""
        unit = self.dtype.unit
        out = bytearray(prod(sizes) * unit)
        base = self.offset + sum(index * step for index, step in zip(first, self.stride, strict=True))
        dims = []
        step_out = 1
        for size, step in reversed(list(zip(sizes, self.stride, strict=True))):
            if size > 1:
                dims.append((size, step, step_out))
            step_out *= size
        if unit == 16:  # complex128 is copied by halves
            dims = [(size, 2 * step, 2 * to) for size, step, to in dims] + [(2, 1, 1)]
            unit, base = 8, 2 * base
        dims.sort(key=lambda dim: -dim[1])
        self._gather(memoryview(out).cast(_FORMATS[unit]), unit, base, 0, dims)
        return bytes(out)

    def _gather(self, out: memoryview, unit: int, base: int, to: int, dims: Dims) -> None:
        """Read `dims` (count, step in the storage, step in `out`), the widest step first, to `out[to]` and on."""
        spans = [1]  # elements from the first to the last one of the innermost dimensions
        close = True
        for count, step, _ in reversed(dims):
            close = close and (step - spans[-1]) * unit <= _GAP
            spans.append(spans[-1] + (count - 1) * step)
        if close and spans[-1] * unit <= _MOST:
            data = self.source.read(self.start + base * unit, spans[-1] * unit)
            _scatter(memoryview(data).cast(_FORMATS[unit]), 0, out, to, sorted(dims, key=lambda dim: dim[0]))
            return
        (count, step, step_out), *rest = dims
        at_once = max(1, (_MOST // unit - spans[-2]) // step + 1) if close else 1
        for first in range(0, count, at_once):
            several = min(at_once, count - first)
            part = [(several, step, step_out), *rest] if several > 1 else rest
            self._gather(out, unit, base + first * step, to + first * step_out, part)


def _scatter(data: memoryview, at: int, out: memoryview, to: int, dims: Dims) -> None:
    if not dims:
        out[to] = data[at]
        return
    (count, step, step_out), *rest = dims
    if not rest:
        target = slice(to, to + (count - 1) * step_out + 1, step_out)
        if step:
            out[target] = data[at : at + (count - 1) * step + 1 : step]
        else:
            out[target] = memoryview(data[at : at + 1].tobytes() * count).cast(_FORMATS[out.itemsize])
        return
    for index in range(count):
        _scatter(data, at + index * step, out, to + index * step_out, rest)


def boxes(shape: Sizes, start: int, stop: int) -> Iterator[tuple[Sizes, Sizes]]:
    """The row-major elements `start` to `stop` as boxes in order: first index and size in each dimension."""
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


def swapped(data: bytes, unit: int) -> bytes:
    """Each `unit` bytes in the opposite order."""
    if unit == 1:
        return data
    out = bytearray(len(data))
    for index in range(unit):
        out[index::unit] = data[unit - 1 - index :: unit]
    return bytes(out)
