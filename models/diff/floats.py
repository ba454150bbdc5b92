"""Measures of floats that are all finite, in few passes over what lies in the processor's cache.

Differences of 16-bit and 32-bit floats are taken as float32, those with a float64 as float64.  Squares are added in
rows of `ROW`, the rows as float64: of float32 that is off by less than 1e-6 of the sum.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .difference import Tolerance
from .scratch import room
from .sums import Sum

ROW = 256
"""Elements of a row."""
UNIT = 2 * ROW
"""Floats are taken in by a multiple of so many: 64 lanes of 8 bytes."""
FLOATS = frozenset({torch.float32, torch.float64, torch.float16, torch.bfloat16})
"""Dtypes that are measured here."""
_LEAST = {torch.float32: 1e-25, torch.float64: 1e-280}
"""The smallest sum of squares of which nothing to speak of has vanished: in float32 what does is below 1e-38 each."""
_FAR = 16
"""How many times as large the sum of the squares of one side may be as that of the other."""
SPANS = 32
"""Spans with the largest difference, as float32 has it, that are read again to tell the largest of them exactly."""
_COUNTED = 255
"""Parts whose flags a byte can count."""


class FloatSums:
    """Sums over parts of two tensors, of which every number is read at `finish` alone: that keeps a part cheap."""

    def __init__(self, a: torch.dtype, b: torch.dtype, elements: int, tolerance: Tolerance | None) -> None:
        """Make room for so many elements; `tolerance` None: whether they are close is not asked."""
        self._dtype = torch.float64 if torch.float64 in (a, b) else torch.float32
        self._tolerance = tolerance
        self._close_here = a == b == self._dtype
        rows = elements // ROW
        self._norms = {name: room(f"norms of {name}", rows, self._dtype) for name in ("alike", "a", "b", "apart")}
        self._peaks = room("peaks", rows, self._dtype)
        self._alike, self._rows = 0, 0
        """Rows of equal parts, and of those that differ."""
        self._vanished = False
        """Whether a part of equal elements has a sum of 0 without being all 0: asked until one has another sum."""
        self._found = False
        """Whether a part of equal elements has a sum that is not 0: beside it nothing that vanished counts."""
        self._parts, self._counted = 0, 0
        """Parts whose flags are counted already but not added up, and the elements of each."""
        self._starts: list[tuple[int, int]] = []
        """The row and the element in the whole with which each part begins."""
        self.close = tolerance is not None
        """Whether all so far are close, as `torch.allclose` has it: asked while `tolerance` is there."""
        self.differing = 0
        """How many elements are not equal."""
        self.largest = 0.0
        """The largest absolute difference, as the dtype of the differences holds it."""

    def add_alike(self, part: Tensor) -> None:
        """Take in elements that are equal on both sides."""
        numbers = self._as(part, "left")
        rows = numbers.view(-1, ROW)
        norms = torch.linalg.vector_norm(rows, 2, 1, out=self._slice("alike", self._alike, len(rows)))
        self._alike += len(rows)
        if not self._found:
            self._look_at_alike(numbers, norms.amax().item())

    def add(self, a: Tensor, b: Tensor, first: int) -> None:
        """Take in parts of both, a multiple of `UNIT` elements, which begin at the position `first`."""
        x, y = self._as(a, "left"), self._as(b, "right")
        apart = room("apart", x.numel(), self._dtype)
        torch.sub(x, y, out=apart).abs_()
        self._add_sums(x, y, apart, first)
        if self.close and self._tolerance is not None:
            self.close = self._are_close(a, b, apart, self._tolerance)

    def _look_at_alike(self, numbers: Tensor, sum_of_squares: float) -> None:
        """Find out whether all squares of equal elements vanished, as long as none is known that did not."""
        if sum_of_squares:
            self._found = True
        else:
            low, high = torch.aminmax(numbers)
            self._vanished = self._vanished or bool(low.item() or high.item())

    def _add_sums(self, x: Tensor, y: Tensor, apart: Tensor, first: int) -> None:
        count = x.numel() // ROW
        for name, numbers in (("a", x), ("b", y), ("apart", apart)):
            torch.linalg.vector_norm(numbers.view(-1, ROW), 2, 1, out=self._slice(name, self._rows, count))
        torch.amax(apart.view(-1, ROW), 1, out=self._peaks[self._rows : self._rows + count])
        self._count(apart)
        self._starts.append((self._rows, first))
        self._rows += count

    def finish(self) -> tuple[Sum, Sum, Sum, Sum] | None:
        """Return the sums of the squares of A, of B, of their products, and of the squares of the differences.

        None where an element is NaN or infinite, all of a side are 0, squares overflow or vanish, or one side is many
        times as large as the other, so that the products would be lost beside the squares.
        """
        self._count_up()
        alike = self._total("alike", self._alike)
        if not self._rows:
            sound = self._is_safe(alike) or not (alike or self._vanished)
            return (Sum(alike), Sum(alike), Sum(alike), Sum()) if sound else None
        self.largest = self._peak()
        a, b, apart = (self._total(name, self._rows) for name in ("a", "b", "apart"))
        if not math.isfinite(self.largest) or not (self._is_safe(alike + a) and self._is_safe(alike + b)):
            return None
        if self.largest and not self._is_safe(apart):
            return None
        if max(a, b) > _FAR * min(a, b):
            return None
        products = alike + (a + b - apart) / 2  # a cosine near 1 comes out more exact than from products
        return Sum(alike + a), Sum(alike + b), Sum(products), Sum(apart)

    def may_be_larger(self, number: float) -> bool:
        """Return whether the largest difference is larger than a number in the dtype of the differences."""
        return self.largest > torch.tensor(number, dtype=self._dtype, device="cpu").item()

    def largest_spans(self) -> list[tuple[int, int]]:
        """Return spans of elements that have the largest difference, the first ones; ask after `finish`."""
        found: list[int] = (self._peaks[: self._rows] == self.largest).nonzero().view(-1)[:SPANS].tolist()
        starts = iter([*self._starts, (self._rows, 0)])
        (row, first), (end, after) = next(starts), next(starts)
        places = []
        for each in found:
            while each >= end:
                (row, first), (end, after) = (end, after), next(starts)
            begin = first + (each - row) * ROW
            places.append((begin, begin + ROW))
        return places

    def _peak(self) -> float:
        return self._peaks[: self._rows].amax().item()

    def _as(self, numbers: Tensor, name: str) -> Tensor:
        return numbers if numbers.dtype == self._dtype else room(name, numbers.numel(), self._dtype).copy_(numbers)

    def _slice(self, name: str, start: int, count: int) -> Tensor:
        return self._norms[name][start : start + count]

    def _total(self, name: str, count: int) -> float:
        norms = room("norms", count, torch.float64).copy_(self._norms[name][:count])
        return float(norms.dot(norms))

    def _is_safe(self, squares: float) -> bool:
        return squares > _LEAST[self._dtype] and math.isfinite(squares)

    def _count(self, apart: Tensor) -> None:
        """Count those that are not 0, a byte for each place in a part: several times as fast as to add flags up."""
        flags = room("flags", apart.numel(), torch.bool).copy_(apart).view(torch.uint8)
        counts = room("counts", apart.numel(), torch.uint8)
        if counts.numel() == self._counted:
            counts.add_(flags)
        else:
            self._count_up()
            counts.copy_(flags)
            self._counted = len(counts)
        self._parts += 1
        if self._parts == _COUNTED:
            self._count_up()

    def _count_up(self) -> None:
        if self._counted:
            wide = room("counts", self._counted, torch.float32).copy_(room("counts", self._counted, torch.uint8))
            self.differing += int(wide.sum())  # exact: there are fewer than 2**24
        self._parts = self._counted = 0

    def _are_close(self, a: Tensor, b: Tensor, apart: Tensor, tolerance: Tolerance) -> bool:
        if self._close_here:
            return are_close(b, apart, tolerance)
        from .measures import is_close

        return is_close(a, b, tolerance)


def are_close(b: Tensor, apart: Tensor, tolerance: Tolerance) -> bool:
    """Return whether `torch.isclose` holds for finite floats that are so far from those of B."""
    bound = room("bound", b.numel(), b.dtype)
    torch.mul(b, tolerance.rtol, out=bound).abs_().add_(tolerance.atol)
    return bool(bound.sub_(apart).amin().item() >= 0)  # its sign is exact; -inf where a difference overflows
