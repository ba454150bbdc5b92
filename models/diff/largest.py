"""Where two pieces of tensors differ most."""

from __future__ import annotations

import torch
from torch import Tensor

EXACT = frozenset(
    {
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.uint8, torch.int8, torch.int16,
        torch.int32, torch.uint16, torch.uint32,
    }
)  # fmt: skip
"""Dtypes that float64 holds exactly."""
_WIDE = 2.0**62


def changes(a: Tensor, b: Tensor) -> Tensor:
    """Return by how much each element differs, as float64: infinity where one of the two is NaN or infinite.

    -1 where they are equal, of which NaN is to itself.  Both are of one dtype, or of two that float64 holds.
    """
    if a.dtype in EXACT and b.dtype in EXACT:
        a, b = a.to(torch.float64), b.to(torch.float64)
    different = (a != b) & ~(a.isnan() & b.isnan())
    finite = a.isfinite() & b.isfinite()
    if a.is_complex():
        found = (a.to(torch.complex128) - b.to(torch.complex128)).abs()
    else:
        found = (a - b if a.is_floating_point() else whole_differences(a, b)).abs()
    found.clamp_(max=torch.finfo(torch.float64).max)  # what overflows is still less than NaN against a number
    found[~finite] = torch.inf
    found[~different] = -1
    return found


def largest_at(a: Tensor, b: Tensor) -> int:
    """Return the position of the largest of the `changes`, the first of several; neither may be empty."""
    return int(changes(a, b).argmax())


def whole_differences(a: Tensor, b: Tensor) -> Tensor:
    """Return the differences of 64-bit integers as float64, exact integers first where they are below 2^62."""
    rough = a.to(torch.float64) - b.to(torch.float64)
    wrapped = a.view(torch.int64) - b.view(torch.int64)
    return torch.where(rough.abs() < _WIDE, wrapped.to(torch.float64), rough)
