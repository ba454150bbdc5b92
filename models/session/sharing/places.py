"""Which elements of a memory a tensor has, in words; must not import torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from ...tensors.extents import Extent, is_row_major


def place_text(extent: Extent, unit: int, whole: int, shape: Sequence[int], strides: Sequence[int] | None) -> str:
    """Return which elements of a memory of `whole` bytes a tensor has, and how it walks over them.

    `extent` counts from the memory's first byte, an element takes `unit` bytes; `strides` count elements, None where
    each element follows the one before.
    """
    walk = "" if strides is None else _walk(shape, strides)
    count, first, end = whole // unit, extent.first // unit, extent.end // unit
    if not all(shape):
        return "no element"
    if end - first == count and not walk.startswith("strides"):  # which has gaps
        where = "all of it"
    elif end - first == 1:
        where = f"element {first:,} of {count:,}"
    else:
        where = f"elements {first:,}–{end - 1:,} of {count:,}"
    return f"{where}, {walk}" if walk else where


def reached(extents: Iterable[Extent]) -> int:
    """Return how many bytes of a memory at least one of several tensors reaches over."""
    total = reached = 0
    for first, end in sorted((extent.first, extent.end) for extent in extents):
        total += max(end - max(first, reached), 0)
        reached = max(reached, end)
    return total


def _walk(shape: Sequence[int], strides: Sequence[int]) -> str:
    if is_row_major(shape, strides):
        return ""
    if len(shape) >= 2 and is_row_major(_swapped(shape), _swapped(strides)):
        return "transposed"
    if any(stride == 0 and size > 1 for size, stride in zip(shape, strides, strict=True)):
        return "expanded: fewer elements than it shows"
    if prod(shape) == 1 + sum((count - 1) * stride for count, stride in zip(shape, strides, strict=True)):
        return "dimensions in another order"
    return f"strides {tuple(strides)}"


def _swapped(dims: Sequence[int]) -> list[int]:
    return [*dims[:-2], dims[-1], dims[-2]]
