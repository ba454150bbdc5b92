"""Magnitudes of complex numbers.  Must not import torch."""

from __future__ import annotations

from math import inf


def magnitude(number: complex) -> float:
    """Return the absolute value; infinity, as torch has it, where that is beyond float64."""
    try:
        return abs(number)
    except OverflowError:
        return inf
