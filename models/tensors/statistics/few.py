"""Statistics of so few numbers that they are simply sorted."""

from __future__ import annotations

import torch
from torch import Tensor

from .histogram import Scale
from .moments import Moments
from .quantiles import ranks


def few(numbers: Tensor, bins: int) -> tuple[Moments, list[tuple[float, float]], list[float], list[int]]:
    """Moments, quantiles, edges and counts of float64 numbers in one dimension."""
    moments = Moments()
    finite = numbers[numbers.isfinite()]
    n = finite.numel()
    moments.nan = int(numbers.isnan().sum()) if n < numbers.numel() else 0
    moments.inf = numbers.numel() - n - moments.nan
    if not n:
        return moments, [], [], []
    ordered = finite.sort().values
    low, high = ordered[0], ordered[-1]
    moments.widen(float(low), float(high))
    moments.zeros = n - int(ordered.count_nonzero())
    moments.add(ordered)
    told = ranks(n)
    quantiles = ordered[[rank - 1 for _, rank in told]].tolist()
    scale = Scale.of(moments.low, moments.high, bins)
    counts = torch.bincount(scale.place(ordered).long(), minlength=scale.bins + 1).tolist()
    found = [(which, value) for (which, _), value in zip(told, quantiles, strict=True)]
    return moments, found, scale.edges(), scale.joined(counts)
