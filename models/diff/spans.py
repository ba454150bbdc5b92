"""Two tensors that show few stored elements many times, in the same way: each pair counts as often as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..tensors.overlap import multiplicity
from .difference import SAME, Numbers, Tolerance
from .measures import measure


def weighed(a: Tensor, b: Tensor, shape: Sequence[int], strides: Sequence[int], tolerance: Tolerance) -> Numbers:
    """What the comparison of all pairs comes to; `a` and `b` are the spans of two views of this shape."""
    times = multiplicity(shape, strides)
    shown = times.nonzero().view(-1)
    a, b, times = a[shown], b[shown], times[shown]
    plain = measure(a, b, tolerance).numbers()
    if plain.values == "equal":
        return SAME
    different = (a != b) if a.dtype == b.dtype == torch.int64 else None
    wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    a, b = a.to(wide), b.to(wide)
    finite = a.isfinite() & b.isfinite()
    if different is None:
        different = (a != b) & ~(a.isnan() & b.isnan())
    root = times.double().sqrt()  # squares and products count as often as they are shown
    sums = measure((a * root)[finite], (b * root)[finite], None).numbers()
    return replace(
        plain,
        relative_l2=sums.relative_l2,
        cosine=sums.cosine,
        differing=int(times[different].sum()),
        nonfinite=int(times[different & ~finite].sum()),
    )
