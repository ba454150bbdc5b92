"""Sums that no float64 is too small or too large for, and the relative difference that two of them amount to.

Must not import torch.
"""

from __future__ import annotations

import math

import msgspec


class Sum(msgspec.Struct, gc=False):
    """A sum of numbers that may be too large or too small for float64: `value * 2**exponent`."""

    value: float = 0.0
    exponent: int = 0

    def add(self, value: float, exponent: int = 0) -> None:
        """Add `value * 2**exponent`."""
        if not value:
            return
        if not self.value:
            self.value, self.exponent = value, exponent
        elif exponent <= self.exponent:
            self.value += math.ldexp(value, exponent - self.exponent)
        else:
            self.value = math.ldexp(self.value, self.exponent - exponent) + value
            self.exponent = exponent

    def times(self, count: int) -> Sum:
        """Return the sum of `count` such sums."""
        value, exponent = math.frexp(self.value)
        factor, more = math.frexp(count)
        return Sum(value * factor, self.exponent + exponent + more)

    def root(self) -> tuple[float, int]:
        """Return the square root as a value and an exponent of 2."""
        odd = self.exponent % 2
        return math.sqrt(math.ldexp(self.value, odd)), (self.exponent - odd) // 2


class Squares(msgspec.Struct, gc=False):
    """What relative differences are made of: sums of squares, of the elements that are finite on both sides."""

    a: Sum
    """Of the elements of A."""
    apart: Sum
    """Of the differences."""

    def relative_l2(self) -> float | None:
        """Return `‖a - b‖₂ / ‖a‖₂`; 0 where nothing differs, None where `a` is all zeros and `b` is not."""
        if not self.apart.value:
            return 0.0
        a, apart = self.a.root(), self.apart.root()
        return scaled(apart[0] / a[0], apart[1] - a[1]) if a[0] else None


def scaled(value: float, exponent: int) -> float:
    """Return `value * 2**exponent`; infinity where that is too large for float64."""
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(math.inf, value)
