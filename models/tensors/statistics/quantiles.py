"""Which quantiles are told, and at which place in ascending order each of them is.  Knows nothing of torch."""

from __future__ import annotations

PERCENT = (1, 5, 25, 50, 75, 95, 99)


def ranks(n: int) -> list[tuple[float, int]]:
    """Of `n` numbers, each quantile from 0 to 1 and its place in ascending order, the first being 1.

    It is the smallest number that is at least so great as that part of all.
    """
    return [(percent / 100, max(-(-n * percent // 100), 1)) for percent in PERCENT] if n else []
