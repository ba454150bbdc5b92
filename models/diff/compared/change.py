"""The change from one tensor to another, element by element, read as a tensor: windows, heat maps, statistics of it.

Nothing is kept: each piece is the difference of a piece of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ...messages import Absence
from ...tensors.readable import Absent, ElementKind, Readable, Unreadable

if TYPE_CHECKING:
    from torch import Tensor

    from ...tensors.matrix import Rectangle
    from ...tensors.statistics.stream import Block, Stream

BLOCK = 2**18
"""Elements of a block of the stream: 2 MB of float64."""
EXACT_BYTES = 4
"""Bytes of the widest integers whose differences are given as integers; of wider ones as float64."""


def change_between(a: Readable, b: Readable) -> Readable:
    """Return `B - A`, to be read; without elements where either cannot be read, or the shapes differ."""
    for side in (a, b):
        absence, reason = side.absence
        if absence:
            return Absent(absence, reason)
    if a.shape != b.shape:
        return Absent("unsupported", f"there is no B - A: A is {list(a.shape)}, B is {list(b.shape)}")
    return TensorChange(a, b)


class TensorChange(Readable):
    """`B - A` of two tensors of one shape: 0 where both are equal, of which NaN is to itself.

    Integers of at most 32 bits give integers, complex numbers complex128, everything else float64.
    """

    __slots__ = ("_a", "_b", "shape")

    def __init__(self, a: Readable, b: Readable) -> None:
        self._a, self._b = a, b
        self.shape = a.shape

    @property
    def dtype_name(self) -> str:
        """Return the dtype of the differences."""
        return {"complex": "complex128", "int": "int64"}.get(self.element_kind, "float64")

    @property
    def element_kind(self) -> ElementKind:
        """Return the kind of number that the differences are."""
        kinds = (self._a.element_kind, self._b.element_kind)
        if "complex" in kinds:
            return "complex"
        narrow = max(self._a.item_bytes, self._b.item_bytes) <= EXACT_BYTES
        return "int" if narrow and all(kind in ("int", "bool") for kind in kinds) else "float"

    @property
    def item_bytes(self) -> float:
        """Return the bytes that are read of both for one element."""
        return self._a.item_bytes + self._b.item_bytes

    @property
    def without_torch(self) -> bool:
        """Return whether both are read without torch."""
        return self._a.without_torch and self._b.without_torch

    def piece(self, start: int, stop: int) -> Tensor:
        """Return the differences `start` to `stop` in one dimension, on the CPU."""
        import torch

        a, b = (side.piece(start, stop).cpu() for side in (self._a, self._b))
        wide = {"complex": torch.complex128, "int": torch.int64}.get(self.element_kind, torch.float64)
        if torch.int64 in (a.dtype, b.dtype) and a.dtype == b.dtype:
            from ..largest import whole_differences

            return whole_differences(b, a)
        same = (a == b) | (a.isnan() & b.isnan())
        return (b.to(wide) - a.to(wide)).masked_fill_(same, 0)

    def numbers(self, start: int, stop: int) -> list[Any]:
        """Return the differences `start` to `stop` as Python numbers."""
        return self._apart(self._a.numbers(start, stop), self._b.numbers(start, stop))

    def rectangle(self, part: Rectangle) -> list[Any]:
        """Return the differences in a rectangle row by row."""
        return self._apart(self._a.rectangle(part), self._b.rectangle(part))

    def _apart(self, a: list[Any], b: list[Any]) -> list[Any]:
        number: Callable[[Any], Any] = {"complex": complex, "int": int}.get(self.element_kind, float)
        return [number(0) if _same(x, y) else number(y - x) for x, y in zip(a, b, strict=True)]

    def stream(self) -> Stream:
        """Return all differences as a stream of blocks, in row-major order."""
        from ...tensors.statistics.stream import Stream

        def blocks() -> Iterator[Block]:
            for start in range(0, self.elements, BLOCK):
                yield start, partial(self.piece, start, min(start + BLOCK, self.elements))

        return Stream(self.elements, blocks, tuple(self.shape), whole=self.element_kind == "int")

    def unpacked(self) -> Readable:
        """Return the same of both sides unpacked: a sparse or quantised one is unpacked once."""
        return TensorChange(self._a.unpacked(), self._b.unpacked())

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return two empty texts, for kind and reason: both tensors can be read."""
        return "", ""

    def error_text(self, error: Exception) -> str | None:
        """Return a sentence on an error of either side; None where there is none."""
        if isinstance(error, Unreadable):
            return str(error)
        return self._a.error_text(error) or self._b.error_text(error)


def _same(x: Any, y: Any) -> bool:
    return bool(x == y or (x != x and y != y))  # NaN is the one number that differs from itself
