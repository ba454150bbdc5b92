"""Statistics of a small stored tensor without torch, which takes seconds and 220 MB to be imported."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from itertools import repeat

from ..messages import StatisticsOf
from ..tensors.statistics.quantiles import ranks

MOST_BINS = 1_000


def plain_statistics(numbers: Sequence[complex], *, path: str, bins: int = 40) -> StatisticsOf:
    """As `inspect.statistics.statistics` tells them, everything exact; complex numbers enter by magnitude."""
    real = [abs(each) if isinstance(each, complex) else float(each) for each in numbers]
    finite = sorted(filter(math.isfinite, real))
    n, nan = len(finite), sum(map(math.isnan, real))
    inf = len(real) - n - nan
    if not n:
        return StatisticsOf(path=path, of="value", count=len(real), nan=nan, inf=inf)
    low, high = finite[0], finite[-1]
    mean = math.fsum(map(_divided, finite, repeat(n)))
    edges, counts = _histogram(finite, min(max(bins, 1), MOST_BINS))
    return StatisticsOf(
        path=path, of="value", count=len(real), minimum=low, maximum=high, mean=mean,
        std=_root_of_squares([each - mean for each in finite], n - 1) if n > 1 else None,
        l2=_root_of_squares(finite, 1), zeros=finite.count(0.0), nan=nan, inf=inf, edges=edges, counts=counts,
        quantiles=[(quantile, finite[rank - 1]) for quantile, rank in ranks(n)],
    )  # fmt: skip


def _divided(number: float, n: int) -> float:
    return number / n


def _root_of_squares(numbers: Sequence[float], n: int) -> float:
    """√(sum of squares / n), also where a square is beyond float64."""
    return math.hypot(*numbers) / math.sqrt(n)


def _histogram(ordered: Sequence[float], bins: int) -> tuple[list[float], list[int]]:
    """The edges and the counts between; a bin holds its lower edge, the last one both."""
    low, high = ordered[0], ordered[-1]
    if low == high:
        half, most = abs(low) / 2 or 0.5, sys.float_info.max
        low, high = max(low - half, -most), min(high + half, most)
    factor = 1.0 if math.isfinite(high - low) else 0.5
    start, width = low * factor, high * factor - low * factor
    slope = bins / width
    counts = [0] * (bins + 1)
    for number in ordered:
        moved = number * factor - start
        counts[int(moved * slope if math.isfinite(slope) else moved / width * bins)] += 1
    edges = [(start + width * (index / bins)) / factor for index in range(bins)]
    return [*edges, high], [*counts[: bins - 1], counts[bins - 1] + counts[bins]]
