"""Statistics of small tensors, by sorting their elements."""

from __future__ import annotations

import torch
from torch import Tensor

from .histogram import Scale
from .moments import Moments
from .quantiles import ranks


def statistics_by_sorting(
    numbers: Tensor, bins: int
) -> tuple[Moments, list[tuple[float, float]], list[float], list[int]]:
    """Return the moments, quantiles, histogram edges and counts of float64 numbers in one dimension; all exact.

    Quantiles are pairs of a fraction from 0 to 1 and the number; the three lists are empty without finite numbers.
    """
    moments = Moments()
    finite = numbers[numbers.isfinite()]
    n = finite.numel()
    moments.nan = int(numbers.isnan().sum()) if n < numbers.numel() else 0
    moments.inf = numbers.numel() - n - moments.nan
    if not n:
        return moments, [], [], []
    ordered = finite.sort().values
    low, high = ordered[0], ordered[-1]
    low_at, high_at = (int((numbers == number).nonzero()[0]) for number in (low, high))
    moments.widen(float(low), float(high), low_at, high_at)
    moments.zeros = n - int(ordered.count_nonzero())
    moments.add(ordered)
    ranked = ranks(n)
    quantiles = ordered[[rank - 1 for _, rank in ranked]].tolist()
    scale = Scale.of(moments.low, moments.high, bins)
    counts = torch.bincount(scale.place(ordered, torch.empty_like(ordered)).long(), minlength=scale.bins + 1).tolist()
    found = [(which, value) for (which, _), value in zip(ranked, quantiles, strict=True)]
    return moments, found, scale.edges(), scale.joined(counts)
