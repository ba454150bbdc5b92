"""Moments and extremes of numbers that come piece by piece, updated without losing digits however many come.

Pieces are merged as in Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
Variances" (Stanford STAN-CS-79-773, 1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor


@dataclass(slots=True)
class Moments:
    """Moments, extremes and counts of the elements so far; all but `nan` and `inf` are of the finite ones."""

    n: int = 0
    """How many finite elements there are."""
    mean: float = 0.0
    squares: float = 0.0
    """The sum of squared deviations from the mean."""
    zeros: int = 0
    """How many elements are 0 or -0."""
    nan: int = 0
    inf: int = 0
    """How many elements are infinite, of either sign."""
    low: float = math.inf
    high: float = -math.inf
    """The extremes; infinite, the low one above, as long as there is no element."""
    low_at: int | None = None
    high_at: int | None = None
    """How many elements of the stream come before the first that is the lowest, the highest; None where unknown."""

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
        """Take in the moments, extremes and counts of other elements."""
        if other.n:
            self.add_known(other.n, other.mean, other.squares)
        self.zeros += other.zeros
        self.nan += other.nan
        self.inf += other.inf
        self.widen(other.low, other.high, other.low_at, other.high_at)

    def widen(self, low: float, high: float, low_at: int | None = None, high_at: int | None = None) -> None:
        """Extend the extremes to `low` and `high`, which come first at `low_at` and `high_at`."""
        if low < self.low or (low == self.low and _is_before(low_at, self.low_at)):
            self.low, self.low_at = low, low_at
        if high > self.high or (high == self.high and _is_before(high_at, self.high_at)):
            self.high, self.high_at = high, high_at

    def add_known(self, n: int, mean: float, squares: float) -> None:
        """Take in `n` finite numbers by their mean and the sum of their squared deviations from it.

        The update of Chan et al.: accurate however far the mean is from zero, and in any order of pieces.
        """
        both = self.n + n
        apart = mean - self.mean
        self.squares += squares + apart * apart * (self.n * n / both)
        self.mean += apart * (n / both)
        self.n = both


def _is_before(position: int | None, other: int | None) -> bool:
    return position is not None and (other is None or position < other)
