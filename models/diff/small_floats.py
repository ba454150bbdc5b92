"""Measures of many small tensors of floats at once: what is done to each number is done to those of all together.

The sums of each tensor are taken by itself, so that they are those that `measures` has, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from ..work.one_thread import one_thread
from .difference import Tolerance
from .measures import PART, Measures
from .sums import Sum

_ALIGNED = 8
"""Numbers of 64 bytes: what begins elsewhere is added up in another order."""
_FLOATS = frozenset({torch.float32, torch.float16, torch.bfloat16})
"""Dtypes of which float64 holds every difference and every square."""


class SmallFloats:
    """The numbers of tensors that lie in the same order on both sides, from the first one to the last."""

    def __init__(self, a: Callable[[], Tensor], b: Callable[[], Tensor], tolerance: Tolerance) -> None:
        """Take what returns all numbers of A, and of B, in one dimension; neither is called before it is needed."""
        self._tolerance = tolerance
        self._read = a, b

    @cached_property
    def _sides(self) -> tuple[Tensor, Tensor]:
        a, b = self._read
        return a(), b()

    @cached_property
    def suitable(self) -> bool:
        """Return whether numbers of this dtype are measured here."""
        return self._sides[0].dtype in _FLOATS

    @cached_property
    def _a(self) -> Tensor:
        with one_thread():
            return self._sides[0].to(torch.float64)

    @cached_property
    def _both(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return B, how far apart each number is, and how far it still is close (below 0: it is not)."""
        x, y = self._sides
        tolerance = self._tolerance
        with one_thread():
            b = y.to(torch.float64)
            apart = torch.sub(self._a, b).abs_()
            bound = torch.mul(y, tolerance.rtol).abs_().add_(tolerance.atol).sub_(torch.sub(x, y).abs_())
        return b, apart, bound

    def squares(self, start: int, stop: int) -> Sum | None:
        """Return the sum of the squares of A; None where a number is not finite, or where there are many."""
        if stop - start > PART:
            return None
        numbers = _part(self._a, start, stop)
        found = _dot(numbers, numbers)
        return Sum(found) if math.isfinite(found) else None

    def measure(self, start: int, stop: int) -> Measures | None:
        """Return the measures of one tensor; None where a number is not finite, or where there are many."""
        if stop - start > PART:
            return None
        others, apart, bound = self._both
        x, y, far = (_part(each, start, stop) for each in (self._a, others, apart))
        a, b, products, squares = (_dot(one, other) for one, other in ((x, x), (y, y), (x, y), (far, far)))
        if not all(map(math.isfinite, (a, b, products, squares))):
            return None
        place = int(far.argmax().item())  # the first of several
        found = Measures(Sum(a), Sum(b), Sum(products), Sum(squares), far[place].item())
        if found.largest:
            found.differing, found.place = int(far.count_nonzero().item()), place
            found.close = bool(bound[start:stop].amin().item() >= 0)
        return found


def _dot(one: Tensor, other: Tensor) -> float:
    return float(one.dot(other).item())


def _part(numbers: Tensor, start: int, stop: int) -> Tensor:
    """Return some numbers in memory that begins where that of a tensor of its own would."""
    part = numbers[start:stop]
    return part.clone() if start % _ALIGNED else part
