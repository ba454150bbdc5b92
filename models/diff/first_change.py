"""Whether two tensors of one dtype are the same, or where they first differ, by their bytes.  Must not import torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..tensors.readable import Readable, Unreadable
from ..tensors.seeking import index_at
from .difference import SAME, Difference, ElementComparison, Tolerance
from .pieces import PART
from .tensors import Comparable

_TRIES = 100
"""Elements of other bytes that are looked at: 0 and -0 are equal, and others may be close."""


def certain_difference(
    a: Comparable, b: Comparable, tolerance: Tolerance, stop: Callable[[], bool], limit: int | None = None
) -> Difference | None:
    """Return that a tensor is changed, with the index of its first change and no figures, or that all bytes are equal.

    None where neither is sure.  `stop` is asked before each further piece: nothing more is read where it returns True.
    `limit` bounds how many elements are read; None for all.
    """
    mine, theirs = a.readable, b.readable
    if a.side.shape != b.side.shape or a.side.dtype != b.side.dtype or mine.absence[0] or theirs.absence[0]:
        return None
    if not (mine.has_bytes and theirs.has_bytes and mine.without_torch and theirs.without_torch):
        return None
    if mine.strides is not None or theirs.strides is not None or mine.dtype_read != mine.dtype_name:
        return None
    limit = mine.elements if limit is None else min(limit, mine.elements)
    try:
        # of a tensor that is stored in parts that with its elements: it has their bytes, without those of the rest
        place = _first(mine.unpacked(), theirs.unpacked(), tolerance, stop, limit)
    except Unreadable:
        return None
    if place is None:
        return None
    if place == mine.elements:
        return Difference(a.path, "equal", a.side, b.side, SAME)
    index = tuple(index_at(mine.shape, place))
    numbers = ElementComparison(values="changed", max_abs=None, relative_l2=None, cosine=None, index=index)
    return Difference(a.path, "changed", a.side, b.side, numbers)


def _first(a: Readable, b: Readable, tolerance: Tolerance, stop: Callable[[], bool], limit: int) -> int | None:
    """Return the place of the first change; the number of elements where all bytes are equal, None for neither."""
    tries = 0
    for start in range(0, limit, PART):
        if start and stop():
            return None
        end = min(start + PART, limit)
        mine, theirs = a.bytes(start, end), b.bytes(start, end)
        at = 0
        while mine[at:] != theirs[at:]:
            at = _first_byte(mine, theirs, at)
            first = start + int(at / a.item_bytes)
            x, y = a.numbers(first, first + 1)[0], b.numbers(first, first + 1)[0]
            if _differ(x, y, tolerance):
                return first
            tries += 1
            if tries == _TRIES:
                return None
            at = int((first + 1 - start) * a.item_bytes) if a.item_bytes >= 1 else at + 1
    return a.elements if limit == a.elements and not tries else None


def _first_byte(a: bytes, b: bytes, at: int) -> int:
    """Return the first byte from `at` on that differs; there must be one."""
    end = len(a)
    while end - at > 1:
        middle = (at + end) // 2
        if a[at:middle] == b[at:middle]:
            at = middle
        else:
            end = middle
    return at


def _differ(x: Any, y: Any, tolerance: Tolerance) -> bool:
    """Return whether two numbers are neither equal nor close, by twice as much as `torch.allclose` has it."""
    if x == y or (x != x and y != y):
        return False
    apart, size = abs(x - y), abs(y)
    return not math.isfinite(apart) or bool(apart > 2 * (tolerance.atol + tolerance.rtol * size))
