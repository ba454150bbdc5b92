"""One piece of elements summed up: what a table or a filter needs, at the speed of reading, and nothing more.

A summariser answers for pieces that are finite and plain; it returns None for any other, whose elements are then looked
at one by one (`moments_pass`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

LEAST_SQUARE = 1e-30
"""Mean square below which some squares of float32 are below the normal range of float32."""
SPREAD = 8
"""How many times the sum of squares about the mean that of squares may be: more would leave too few digits."""
ADDED = 2**15
"""Elements whose squares are added at once: those of more would lose too many digits of float32."""
ROW = 2**12
"""Elements whose squares torch adds at once: a dot product of more loses digits on processors with short vectors."""
LANES = 128
"""Bytes that are 0 or 1 and are added in one byte."""


class PieceSummary(NamedTuple):
    """What is known of a piece of finite elements."""

    n: int
    mean: float
    squares: float
    """The sum of squared deviations from the mean."""
    low: float
    high: float
    zeros: int


Summarise = Callable[[Tensor], "PieceSummary | None"]
"""Takes a contiguous piece in one dimension, of one dtype, and sums it up."""


class TorchSummary:
    """The summariser of float32, float64, int32 and int64, with torch alone.

    float64 is summed in float64.  The others are summed as float32, some hundred thousand at a time: a mean is then
    within 1e-6 of the root mean square, a standard deviation within 1e-5 of itself.
    """

    DTYPES = (torch.float32, torch.float64, torch.int32, torch.int64)

    def __init__(self, dtype: torch.dtype) -> None:
        summed = torch.float64 if dtype == torch.float64 else torch.float32
        self._numbers = torch.empty(0, dtype=summed, device="cpu")
        self._ends = torch.empty(2, dtype=dtype, device="cpu")
        self._low, self._high = self._ends.unbind()
        self._zeros = torch.empty(0, dtype=torch.bool, device="cpu")

    def __call__(self, piece: Tensor) -> PieceSummary | None:
        """Return the summary of a piece; None where it is not finite or has too few digits in common."""
        n = piece.numel()
        numbers = piece
        if piece.dtype != self._numbers.dtype:
            if self._numbers.numel() < n:
                self._numbers = torch.empty(n, dtype=self._numbers.dtype, device="cpu")
            numbers = self._numbers[:n].copy_(piece)
        total, squares = float(numbers.sum()), sum_of_squares(numbers)
        torch.amin(piece, 0, out=self._low)  # `aminmax` takes three times as long as each of these
        torch.amax(piece, 0, out=self._high)
        low, high = self._ends.tolist()
        if low == high and math.isfinite(low):
            return PieceSummary(n, low, 0.0, low, high, 0 if low else n)
        spread = spread_of(n, total, squares)
        return None if spread is None else PieceSummary(n, *spread, low, high, self._count_zeros(piece))

    def _count_zeros(self, piece: Tensor) -> int:
        n = piece.numel()
        if self._zeros.numel() < n:
            self._zeros = torch.empty(n, dtype=torch.bool, device="cpu")
        flags = (self._zeros if self._zeros.numel() == n else self._zeros[:n]).copy_(piece)
        if n % (8 * LANES):
            return n - int(flags.count_nonzero())
        words = flags.view(torch.int64).view(LANES, -1)
        return n - int(words.sum(0).view(torch.uint8).sum())


def sum_of_squares(numbers: Tensor) -> float:
    """Return the sum of the squares of contiguous numbers of one dimension, of float32 within 1e-7 of itself."""
    n = numbers.numel()
    whole = n - n % ROW
    total = 0.0
    if whole:
        rows = numbers[:whole].view(-1, ROW)
        total = float(torch.linalg.vecdot(rows, rows).sum(dtype=torch.float64))
    return total + float(torch.dot(numbers[whole:], numbers[whole:])) if whole < n else total


def spread_of(n: int, total: float, squares: float, spread: float = SPREAD) -> tuple[float, float] | None:
    """Return the mean of `n` numbers and their squared deviations from it, by their sum and the sum of their squares.

    None where these are not finite, or would leave too few digits.
    """
    apart = squares - total * total / n
    if not (math.isfinite(total) and n * LEAST_SQUARE < squares < math.inf and apart > squares / spread):
        return None
    return total / n, apart
