"""How the elements of a view lie in what is stored: shape and strides.  Must not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

SPAN = 2**24
"""Stored elements up to which a view that repeats them is looked at as such."""
FEW = 2**22
"""Elements up to which any view is simply walked through."""
TIMES = 16
"""How often, on average, an element may be shown in a view that is simply walked through."""


def span_of(shape: Sequence[int], strides: Sequence[int]) -> int:
    """How many elements are stored from the first to the last one of a view."""
    if not all(shape):
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def repeats_much(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether a view shows its elements so often that it is not to be walked through."""
    elements = prod(shape)
    return elements > FEW and elements > TIMES * span_of(shape, strides)


def repeated(shape: Sequence[int], strides: Sequence[int]) -> frozenset[int]:
    """The dimensions along which one element is shown again and again, as `expand` makes them."""
    return frozenset(
        axis for axis, (size, stride) in enumerate(zip(shape, strides, strict=True)) if size > 1 and not stride
    )


def without(shape: Sequence[int], axes: frozenset[int]) -> tuple[tuple[int, ...], int]:
    """A shape with 1 along these dimensions, and how often each element of it stands in the whole."""
    times = prod(shape[axis] for axis in axes)
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape)), times


def too_wide_text(elements: int, stored: int) -> str:
    """Why nothing is told of a view of more than `SPAN` stored elements."""
    return (
        f"it shows {stored:,} stored elements in overlapping views, {elements:,} in all: that is looked at where no "
        f"more than {SPAN:,} are stored"
    )
