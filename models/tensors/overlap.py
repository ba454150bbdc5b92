"""Views that repeat few stored elements many times: results for all elements are derived from the stored ones.

`expand` repeats elements with a stride of 0, `as_strided` and `unfold` make windows that overlap.  A file of a kilobyte
can claim 2^50 elements that way, so work is bounded by the number of stored elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor

from .absence import is_wrapper
from .lattice import SPAN_LIMIT, collapsed, repeated_axes, span_limit_text, span_of
from .readable import Readable, Unsupported

Join = Callable[[Tensor, Tensor], Tensor]
"""Combines two tensors of one shape element by element: `torch.maximum`, `torch.logical_or`."""


class SpanTooLarge(Unsupported):
    """A view that repeats its elements spans more than `SPAN_LIMIT` stored ones; the text is a sentence for users."""


def strides_of(tensor: Tensor) -> tuple[int, ...]:
    """Return the strides of a tensor in elements; those of a contiguous one for a `__torch_dispatch__` class."""
    if is_wrapper(tensor):
        return tuple(prod(tensor.shape[axis + 1 :]) for axis in range(tensor.dim()))
    return tensor.stride()


def span_piece(readable: Readable) -> Tensor:
    """Return the stored elements from the first to the last of a strided tensor, in one dimension.

    Raises:
        SpanTooLarge: they are more than `SPAN_LIMIT`.
        Unreadable: they cannot be read.
    """
    size = span_of(readable.shape, readable.strides or ())
    if size > SPAN_LIMIT:
        raise SpanTooLarge(span_limit_text(readable.elements, size))
    return readable.span().piece(0, size)


def shown_once(readable: Readable) -> tuple[Readable, int]:
    """Return a tensor without its dimensions of stride 0, and how often each remaining element stands in the whole."""
    strides = readable.strides
    if strides is None:
        return readable, 1
    shape, times = collapsed(readable.shape, repeated_axes(readable.shape, strides))
    return (readable.part((0,) * len(shape), shape), times) if times > 1 else (readable, 1)


def multiplicity(shape: Sequence[int], strides: Sequence[int]) -> Tensor:
    """Return how often a view holds each element of its span; int64, one-dimensional, 0 for those it leaves out."""
    size = span_of(shape, strides)
    counts = torch.zeros(size, dtype=torch.int64, device="cpu")
    counts[:1] = 1
    for count, stride in zip(shape, strides, strict=True):
        if not stride:
            counts *= count
        elif count > 1:  # the sum of `count` neighbours at distance `stride`, from running sums
            table = torch.zeros(-(-size // stride) * stride, dtype=torch.int64, device="cpu")
            table[:size] = counts
            sums = table.view(-1, stride).cumsum(0)
            sums[count:] -= sums[:-count].clone()
            counts = sums.view(-1)[:size]
    return counts


def windows(elements: Tensor, size: int, stride: int, join: Join) -> Tensor:
    """Return the windows of `size` elements, `stride` apart, each joined to one; only those that lie in `elements`.

    `join` must be idempotent: windows are doubled, `log2(size)` times, and the last doubling overlaps.
    """
    if not stride or size == 1:
        return elements
    joined = 1
    while joined < size:
        further = min(joined, size - joined) * stride
        elements = join(elements[:-further], elements[further:])
        joined = min(2 * joined, size)
    return elements


def extremes(elements: Tensor, shape: tuple[int, int], strides: tuple[int, int], block: tuple[int, int]) -> Tensor:
    """Return the element of largest magnitude of each block of a strided matrix, sign kept; NaN where there is one.

    `elements` are its span.  Blocks at the right and lower edge may be cut short.
    """
    (height, width), (down, across) = shape, block
    rows, columns = -(-height // down), -(-width // across)
    low, high = (torch.empty((rows, columns), dtype=elements.dtype, device="cpu") for _ in "lh")
    for top, bottom, tall in _groups(height, down):
        for left, right, wide in _groups(width, across):
            for cells, join in ((low, torch.minimum), (high, torch.maximum)):
                found = windows(windows(elements, wide, strides[1], join), tall, strides[0], join)
                steps = (down * strides[0], across * strides[1])
                start = top * steps[0] + left * steps[1]
                cells[top:bottom, left:right] = found.as_strided(
                    (bottom - top, right - left), steps, found.storage_offset() + start
                )
    return torch.where(high >= -low, high, low)


def _groups(size: int, block: int) -> list[tuple[int, int, int]]:
    """Return the ranges of blocks along one side that have one size: first, end, and that size."""
    whole, rest = divmod(size, block)
    return [group for group in ((0, whole, block), (whole, whole + 1, rest)) if group[2] and group[0] < group[1]]


def next_index(
    wanted: Tensor, shape: Sequence[int], strides: Sequence[int], index: Sequence[int], direction: int
) -> list[int] | None:
    """Return the next index after (`direction` 1) or before (-1) `index` whose element is wanted, in row-major order.

    `wanted` is a bool for each element of the view's span.  The search wraps around and looks at `index` itself last.
    None where no element is wanted.
    """
    below = [wanted]  # for each number of leading dimensions: whether anything of the others is wanted, by place
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        below.insert(0, windows(below[0], size, stride, torch.logical_or))
    if not below[0][0]:
        return None

    def along(axis: int, base: int, first: int, last: int) -> int | None:
        """Return the first (`direction` 1) or last (-1) index from `first` to `last` of an axis that leads to one."""
        if first > last:
            return None
        stride, found = strides[axis], below[axis + 1]
        if not stride:
            return (first if direction > 0 else last) if found[base] else None
        hits = found[base + first * stride : base + last * stride + 1 : stride].nonzero()
        return first + int(hits[0 if direction > 0 else -1]) if len(hits) else None

    def down(base: int, axes: int) -> list[int]:
        chosen = []
        for axis in range(axes, len(shape)):
            at = along(axis, base, 0, shape[axis] - 1)
            assert at is not None
            chosen.append(at)
            base += at * strides[axis]
        return chosen

    given = [max(min(each, size - 1), 0) for each, size in zip([*index, *[0] * len(shape)], shape, strict=False)]
    bases = [0]
    for each, stride in zip(given, strides, strict=True):
        bases.append(bases[-1] + each * stride)
    for axis in reversed(range(len(shape))):
        rest = (given[axis] + 1, shape[axis] - 1) if direction > 0 else (0, given[axis] - 1)
        at = along(axis, bases[axis], *rest)
        if at is not None:
            return [*given[:axis], at, *down(bases[axis] + at * strides[axis], axis + 1)]
    return down(0, 0)
