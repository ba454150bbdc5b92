"""The quantiles that are reported, and the rank of each in ascending order.  Must not import torch."""

from __future__ import annotations

PERCENT = (1, 5, 25, 50, 75, 95, 99)
"""The quantiles that are reported, in percent."""


def ranks(n: int) -> list[tuple[float, int]]:
    """Return each quantile as a fraction from 0 to 1 and its rank among `n` numbers in ascending order, from 1 on.

    The quantile q is the smallest number that a fraction q of all numbers do not exceed: definition 1 of Hyndman and
    Fan, "Sample Quantiles in Statistical Packages" (1996), `inverted_cdf` in NumPy.  Empty for no numbers.
    """
    return [(percent / 100, max(-(-n * percent // 100), 1)) for percent in PERCENT] if n else []
