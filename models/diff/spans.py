"""Comparison of two tensors that repeat few stored elements many times with the same strides."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from msgspec import structs
from torch import Tensor

from ..tensors.lattice import span_of
from ..tensors.overlap import multiplicity, next_index
from .difference import SAME, ElementComparison, Tolerance
from .largest import changes
from .measures import measure_pair


def compare_spans(
    a: Tensor, b: Tensor, shape: Sequence[int], strides: Sequence[int], tolerance: Tolerance
) -> ElementComparison:
    """Return the comparison of two views; each stored pair counts as often as the views repeat it.

    `a` and `b` are the spans of the views, in one dimension; `shape` and `strides` are those of both views.
    """
    times = multiplicity(shape, strides)
    shown = times.nonzero().view(-1)
    a, b, times = a[shown], b[shown], times[shown]
    plain = measure_pair(a, b, tolerance).comparison()
    if plain.values == "equal":
        return SAME
    apart = changes(a, b) if a.dtype == b.dtype == torch.int64 else None
    wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    a, b = a.to(wide), b.to(wide)
    finite = a.isfinite() & b.isfinite()
    apart = changes(a, b) if apart is None else apart
    different = apart >= 0
    wanted = torch.zeros(span_of(shape, strides), dtype=torch.bool, device="cpu")
    wanted[shown[apart == apart.max()]] = True
    last = [size - 1 for size in shape]  # from which the search goes on to the first index
    index = next_index(wanted, shape, strides, last, 1)
    root = times.double().sqrt()  # squares and products count as often as they are shown
    sums = measure_pair((a * root)[finite], (b * root)[finite], None).comparison()
    return structs.replace(
        plain,
        relative_l2=sums.relative_l2,
        cosine=sums.cosine,
        index=None if index is None else tuple(index),
        squares=sums.squares,
        differing=int(times[different].sum()),
        nonfinite=int(times[different & ~finite].sum()),
    )
