"""Moments and extremes of numbers that come piece by piece, kept so that no digits are lost however many come."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor


@dataclass(slots=True)
class Moments:
    """What is known of the elements seen so far; all but `nan` and `inf` is about the finite ones."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared deviations from the mean."""
    zeros: int = 0
    nan: int = 0
    inf: int = 0
    low: float = math.inf
    high: float = -math.inf

    def add_sums(self, numbers: Tensor, total: float, squares: float) -> None:
        """Take in finite float64 numbers by their sum and the sum of their squares; `numbers` may be overwritten."""
        n = numbers.numel()
        mean = total / n
        deviating = squares - total * mean
        if deviating < squares / 1000:  # far from zero: what is left would have too few digits
            self._add_about(numbers.sub_(mean), mean)
        else:
            self.add_known(n, mean, deviating)

    def add(self, numbers: Tensor) -> None:
        """Take in finite float64 numbers; slower, and safe for those near the end of float64."""
        n = numbers.numel()
        mean = float((numbers / n).sum())
        self._add_about(numbers - mean, mean)

    def _add_about(self, deviations: Tensor, mean: float) -> None:
        n = deviations.numel()
        left = float(deviations.sum()) / n  # of rounding; it matters where all are nearly equal
        if not math.isfinite(left):
            left = 0.0
        self.add_known(n, mean + left, max(float(deviations.dot(deviations)) - n * left * left, 0.0))

    def merge(self, other: Moments) -> None:
        """Take in what another one saw."""
        if other.n:
            self.add_known(other.n, other.mean, other.squares)
        self.zeros += other.zeros
        self.nan += other.nan
        self.inf += other.inf
        self.widen(other.low, other.high)

    def widen(self, low: float, high: float) -> None:
        """Numbers from `low` to `high` were seen."""
        self.low = min(self.low, low)
        self.high = max(self.high, high)

    def add_known(self, n: int, mean: float, squares: float) -> None:
        """Take in finite numbers by their mean and the sum of their squared deviations from it.

        Chan's update: exact however far the mean is from zero, and in any order of pieces.
        """
        both = self.n + n
        apart = mean - self.mean
        self.squares += squares + apart * apart * (self.n * n / both)
        self.mean += apart * (n / both)
        self.n = both
