"""Views that show few stored elements many times: what is known of all follows from those that are stored.

`expand` repeats elements with a stride of 0, `as_strided` and `unfold` show windows that overlap.  A file of a kilobyte
can claim 2^50 elements that way, so work is bounded by what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor

from .absence import is_wrapper
from .lattice import SPAN, span_of, too_wide_text

Join = Callable[[Tensor, Tensor], Tensor]
"""Brings two tensors of one shape together, element by element: `torch.maximum`, `torch.logical_or`."""


class TooWide(RuntimeError):
    """More elements are stored than are looked at for a view that repeats them; the text says so."""


def strides_of(tensor: Tensor) -> tuple[int, ...]:
    """The strides of a strided tensor; of a class that computes for itself those of a tensor without repetition."""
    if is_wrapper(tensor):
        return tuple(prod(tensor.shape[axis + 1 :]) for axis in range(tensor.dim()))
    return tensor.stride()


def span(tensor: Tensor) -> Tensor:
    """What is stored from the first to the last element of a view, in one dimension; a view itself.

    Raises:
        TooWide: that is more than `SPAN` elements.
    """
    size = span_of(tensor.shape, tensor.stride())
    if size > SPAN:
        raise TooWide(too_wide_text(tensor.numel(), size))
    return tensor.as_strided((size,), (1,))


def multiplicity(shape: Sequence[int], strides: Sequence[int]) -> Tensor:
    """How often a view of such strides shows each element of its `span`; int64, 0 for those it leaves out."""
    size = span_of(shape, strides)
    counts = torch.zeros(size, dtype=torch.int64, device="cpu")
    counts[:1] = 1
    for count, step in zip(shape, strides, strict=True):
        if not step:
            counts *= count
        elif count > 1:  # the sum of `count` neighbours at distance `step`, from running sums
            table = torch.zeros(-(-size // step) * step, dtype=torch.int64, device="cpu")
            table[:size] = counts
            sums = table.view(-1, step).cumsum(0)
            sums[count:] -= sums[:-count].clone()
            counts = sums.view(-1)[:size]
    return counts


def windows(elements: Tensor, size: int, step: int, join: Join) -> Tensor:
    """`size` elements joined, each `step` behind the one before, from every element on for which all are there.

    `join` gives the same however often an element takes part.  Takes `log2(size)` steps.
    """
    if not step or size == 1:
        return elements
    joined = 1
    while joined < size:
        further = min(joined, size - joined) * step
        elements = join(elements[:-further], elements[further:])
        joined = min(2 * joined, size)
    return elements


def extremes(elements: Tensor, shape: tuple[int, int], strides: tuple[int, int], block: tuple[int, int]) -> Tensor:
    """Of each block of a matrix the entry of largest magnitude, sign kept, NaN where there is one.

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
    """The blocks along one side that are of one size: the first, the one behind the last, and that size."""
    whole, rest = divmod(size, block)
    return [group for group in ((0, whole, block), (whole, whole + 1, rest)) if group[2] and group[0] < group[1]]


def next_index(
    wanted: Tensor, shape: Sequence[int], strides: Sequence[int], index: Sequence[int], step: int
) -> list[int] | None:
    """The index behind (`step` 1) or before (-1) `index` whose element is wanted, in row-major order, once round.

    `wanted` is a bool for each element of the span; `index` itself comes last.  None where no element is wanted.
    """
    below = [wanted]  # for each number of leading dimensions: whether anything of the others is wanted, by place
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        below.insert(0, windows(below[0], size, stride, torch.logical_or))
    if not below[0][0]:
        return None

    def along(axis: int, base: int, first: int, last: int) -> int | None:
        """The first, or with `step` -1 the last index of an axis from `first` to `last` that leads to one."""
        if first > last:
            return None
        stride, found = strides[axis], below[axis + 1]
        if not stride:
            return (first if step > 0 else last) if found[base] else None
        hits = found[base + first * stride : base + last * stride + 1 : stride].nonzero()
        return first + int(hits[0 if step > 0 else -1]) if len(hits) else None

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
        rest = (given[axis] + 1, shape[axis] - 1) if step > 0 else (0, given[axis] - 1)
        at = along(axis, bases[axis], *rest)
        if at is not None:
            return [*given[:axis], at, *down(bases[axis] + at * strides[axis], axis + 1)]
    return down(0, 0)
