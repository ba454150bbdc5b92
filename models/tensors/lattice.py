"""Shape and strides of views: the stored elements that they span and repeat.  Must not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

SPAN_LIMIT = 2**24
"""Stored elements up to which a view that repeats them many times is read through them."""
WALK_LIMIT = 2**22
"""Elements up to which any view is read element by element."""
REPEAT_LIMIT = 16
"""Repeats of an element, on average, up to which a view is read element by element."""


def span_of(shape: Sequence[int], strides: Sequence[int]) -> int:
    """Return how many stored elements lie from the first to the last of a view; 0 for an empty one."""
    if not all(shape):
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def repeats_much(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Return whether a view repeats its elements so often that it must not be read element by element."""
    elements = prod(shape)
    return elements > WALK_LIMIT and elements > REPEAT_LIMIT * span_of(shape, strides)


def repeated_axes(shape: Sequence[int], strides: Sequence[int]) -> frozenset[int]:
    """Return the dimensions of stride 0, along which one element is repeated, as `expand` makes them."""
    return frozenset(
        axis for axis, (size, stride) in enumerate(zip(shape, strides, strict=True)) if size > 1 and not stride
    )


def collapsed(shape: Sequence[int], axes: frozenset[int]) -> tuple[tuple[int, ...], int]:
    """Return the shape with 1 along these dimensions, and how often each of its elements stands in the whole."""
    times = prod(shape[axis] for axis in axes)
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape)), times


def span_limit_text(elements: int, stored: int) -> str:
    """Return the sentence on why a view of more than `SPAN_LIMIT` stored elements is not read."""
    return (
        f"it shows {stored:,} stored elements in overlapping views, {elements:,} in all: that is looked at where no "
        f"more than {SPAN_LIMIT:,} are stored"
    )
