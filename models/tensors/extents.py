"""Whether views of one memory have elements in common, exactly: `w[:, :4]` and `w[:, 4:]` have none.

Must not import torch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

STEP_LIMIT = 20_000
"""Parts of two views that are compared before they are taken to overlap, as those do whose ranges do."""
PAIR_LIMIT = 100_000
"""Pairs of one memory that are compared before two of them are taken to overlap."""


class Extent(NamedTuple):
    """The bytes of a memory that a view has."""

    first: int
    """Byte at which its first element begins."""
    dims: tuple[tuple[int, int], ...]
    """How many of what follows there are, and the bytes from one to the next; the widest step first."""

    @property
    def end(self) -> int:
        """Return the byte after the last one; `first` where there is none."""
        if any(not count for count, _ in self.dims):
            return self.first
        return self.first + 1 + sum((count - 1) * step for count, step in self.dims)


def extent_of(first: int, shape: Sequence[int], strides: Sequence[int], item_bytes: int) -> Extent:
    """Return the bytes of a view from byte `first` on, whose `strides` count elements of `item_bytes`."""
    dims = [(size, stride * item_bytes) for size, stride in zip(shape, strides, strict=True)]
    if not all(shape):
        return Extent(first, ((0, 1),))
    found: list[tuple[int, int]] = []
    for count, step in sorted([*dims, (item_bytes, 1)], key=lambda dim: -dim[1]):
        if count == 1 or not step:  # with a step of 0 one element is shown many times
            continue
        if found and found[-1][1] == count * step:
            count, step = count * found.pop()[0], step
        found.append((count, step))
    return Extent(first, tuple(found) or ((1, 1),))


def meet(one: Extent, other: Extent) -> bool:
    """Return whether two views of one memory have a byte in common.

    Where that takes more than `STEP_LIMIT` comparisons, whether one begins before the other ends.
    """
    return _meet(one.first - other.first, one.dims, other.dims, [STEP_LIMIT])


def _meet(shift: int, mine: tuple[tuple[int, int], ...], theirs: tuple[tuple[int, int], ...], left: list[int]) -> bool:
    """Return whether what begins at `shift` meets what begins at 0."""
    reach, other_reach = _reach(mine), _reach(theirs)
    if not reach or not other_reach or shift >= other_reach or shift + reach <= 0:
        return False
    left[0] -= 1
    if left[0] < 0 or (_is_solid(mine) and _is_solid(theirs)):
        return True
    step, other_step = mine[0][1] if mine else 0, theirs[0][1] if theirs else 0
    if step == other_step:  # where both go on alike, only how far they lie apart matters
        count, other_count = mine[0][0], theirs[0][0]
        rest, other_rest = mine[1:], theirs[1:]
        ahead = _near(shift, step, _reach(rest), _reach(other_rest), 1 - other_count, count)
        return any(_meet(shift + index * step, rest, other_rest, left) for index in ahead)
    if step > other_step:
        count, rest = mine[0][0], mine[1:]
        near = _near(shift, step, _reach(rest), other_reach, 0, count)
        return any(_meet(shift + index * step, rest, theirs, left) for index in near)
    count, rest = theirs[0][0], theirs[1:]
    near = _near(-shift, other_step, _reach(rest), reach, 0, count)
    return any(_meet(shift - index * other_step, mine, rest, left) for index in near)


def _near(shift: int, step: int, reach: int, other_reach: int, start: int, stop: int) -> range:
    """Return the indices at which `reach` bytes from `shift + index * step` on come to lie on 0 to `other_reach`."""
    first = -((shift + reach - 1) // step)
    last = (other_reach - 1 - shift) // step
    return range(max(first, start), min(last + 1, stop))


def _reach(dims: tuple[tuple[int, int], ...]) -> int:
    """Return the bytes from the first to the last."""
    total = 1
    for count, step in dims:
        if not count:
            return 0
        total += (count - 1) * step
    return total


def _is_solid(dims: tuple[tuple[int, int], ...]) -> bool:
    return not dims or (len(dims) == 1 and dims[0][1] == 1)


class Overlaps:
    """Views of one memory, to be asked which of them have elements in common."""

    def __init__(self, extents: Sequence[Extent]) -> None:
        self._extents = extents
        self._order = sorted(range(len(extents)), key=lambda index: extents[index].first)
        self._firsts = [extents[index].first for index in self._order]
        self._reached = list(accumulate((extents[index].end for index in self._order), max))
        """Up to where those before each reach, itself included."""
        self._pairs = 0

    def any(self) -> bool:
        """Return whether any two have an element in common."""
        return any(True for index in range(len(self._extents)) for _ in self.of(index))

    def of(self, index: int) -> Iterator[int]:
        """Yield the indices of those that have an element in common with one, itself left out."""
        own = self._extents[index]
        if own.end == own.first:
            return
        first = bisect_right(self._reached, own.first)
        for place in range(first, bisect_left(self._firsts, own.end)):
            other = self._order[place]
            if other == index or self._extents[other].end <= own.first:
                continue
            self._pairs += 1
            if self._pairs > PAIR_LIMIT or meet(own, self._extents[other]):
                yield other


def is_row_major(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Return whether elements follow each other; the stride of a dimension with one index does not matter."""
    expected = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1:
            if stride != expected:
                return not all(shape)
            expected *= size
    return True
