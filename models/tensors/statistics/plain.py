"""Statistics of a small stored tensor in pure Python: torch takes seconds and 220 MB to import."""

from __future__ import annotations

import math
import sys
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise, repeat

from ...messages import Of, Place, StatisticsOf
from ..magnitude import magnitude
from ..seeking import index_at
from .quantiles import ranks

BIN_LIMIT = 1_000
"""Bins of a histogram."""


def plain_statistics(
    numbers: Sequence[complex], shape: Sequence[int], *, path: Place, of: Of = "value", bins: int = 40
) -> StatisticsOf:
    """Return the statistics of elements as `statistics` does, all exact; complex numbers count by magnitude.

    `numbers` are those of a tensor of `shape`, row-major.
    """
    real = [magnitude(each) if isinstance(each, complex) else float(each) for each in numbers]
    finite = sorted(filter(math.isfinite, real))
    n, nan = len(finite), sum(map(math.isnan, real))
    inf = len(real) - n - nan
    if not n:
        return StatisticsOf(path=path, of=of, count=len(real), nan=nan, inf=inf)
    low, high = finite[0], finite[-1]
    mean = math.fsum(map(_divided, finite, repeat(n)))
    edges, counts = _histogram(finite, min(max(bins, 1), BIN_LIMIT))
    return StatisticsOf(
        path=path, of=of, count=len(real), minimum=low, maximum=high, mean=mean,
        minimum_at=index_at(shape, real.index(low)), maximum_at=index_at(shape, real.index(high)),
        std=_root_of_squares([each - mean for each in finite], n - 1) if n > 1 else None,
        l2=_root_of_squares(finite, 1), zeros=finite.count(0.0), nan=nan, inf=inf, edges=edges, counts=counts,
        quantiles=[(quantile, finite[rank - 1]) for quantile, rank in ranks(n)],
    )  # fmt: skip


def _divided(number: float, n: int) -> float:
    return number / n


def _root_of_squares(numbers: Sequence[float], n: int) -> float:
    """Return √(sum of squares / n), also where a square is beyond float64."""
    return math.hypot(*numbers) / math.sqrt(n)


def _histogram(ordered: Sequence[float], bins: int) -> tuple[list[float], list[int]]:
    """Return the edges and counts of a histogram; a bin includes its lower edge, the last one both."""
    low, high = ordered[0], ordered[-1]
    if low == high:
        half, largest = abs(low) / 2 or 0.5, sys.float_info.max
        low, high = max(low - half, -largest), min(high + half, largest)
    factor = 1.0 if math.isfinite(high - low) else 0.5
    start, width = low * factor, high * factor - low * factor
    edges = [(start + width * (index / bins)) / factor for index in range(bins)]
    below = [0, *(bisect_left(ordered, edge) for edge in edges[1:]), len(ordered)]
    return [*edges, high], [upper - lower for lower, upper in pairwise(below)]
