"""One tensor against another, in pieces of both sides in step.  Imports torch only where bytes differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..checkpoint.stored import Unreadable
from .difference import SAME, Difference, Numbers, Tolerance
from .tensors import Comparable
from .workers import Workers

if TYPE_CHECKING:
    from .measures import Measures

PIECE = 2**18
"""Elements of each side at a time: a megabyte of float32.  A multiple of what any type holds in a unit."""
SMALL_PIECE = 2**16
"""As long as all bytes are equal: what stays in the processor's cache is compared three times as fast."""

SCALE_ELSEWHERE = "a checkpoint keeps the scale of quantised integers beside them: there is no number to compare"

Read = Callable[[int], None]
"""Told after each piece how many bytes of both sides were read."""


def compare(a: Comparable, b: Comparable, tolerance: Tolerance, workers: Workers, read: Read) -> Difference:
    """Compare two tensors of any shapes, types and kinds; memory is bounded by a few pieces for each worker.

    Never raises `Unreadable`: that is a status of its own.
    """
    if a.side.shape != b.side.shape or a.side.shape is None:
        if a.side.shape is None and b.side.shape is None:
            return Difference(a.path, "unreadable", a.side, b.side, reason=a.no_values)
        return Difference(a.path, "shape", a.side, b.side)
    if reason := a.no_values or b.no_values:
        return Difference(a.path, "unreadable", a.side, b.side, reason=reason)
    if a.scaled != b.scaled and a.side.dtype == b.side.dtype:
        return Difference(a.path, "unreadable", a.side, b.side, reason=SCALE_ELSEWHERE)
    try:
        numbers = _numbers(a, b, tolerance, workers, read)
    except Unreadable as error:
        return Difference(a.path, "unreadable", a.side, b.side, reason=str(error))
    status = numbers.values if a.side.dtype == b.side.dtype else "dtype"
    return Difference(a.path, status, a.side, b.side, numbers)


def _numbers(a: Comparable, b: Comparable, tolerance: Tolerance, workers: Workers, read: Read) -> Numbers:
    equal_so_far = 0
    size = a.item_bytes + b.item_bytes
    if not a.elements:
        return SAME
    if a.side.dtype == b.side.dtype:
        for stop in _equal_bytes(a, b, workers):
            read(int((stop - equal_so_far) * size))
            equal_so_far = stop
        if equal_so_far == a.elements:
            return SAME
    found = None
    for start, measures in _measured(a, b, tolerance, workers):
        if found is None:
            found = measures
        else:
            found.merge(measures)
        stop = min(start + PIECE, a.elements)
        read(int((stop - max(start, min(equal_so_far, stop))) * size))
    assert found is not None
    numbers = found.numbers()
    return SAME if numbers.values == "equal" else numbers


def _equal_bytes(a: Comparable, b: Comparable, workers: Workers) -> Iterator[int]:
    """Where each piece ends, as long as both sides are the same bytes; nothing where one has none at hand."""

    def equal(start: int) -> bool:
        stop = min(start + SMALL_PIECE, a.elements)
        mine = a.raw(start, stop)
        return mine is not None and mine == b.raw(start, stop)

    starts = range(0, a.elements, SMALL_PIECE)
    for start, alike in zip(starts, workers.ordered(equal, starts), strict=True):
        if not alike:
            return
        yield min(start + SMALL_PIECE, a.elements)


def _measured(a: Comparable, b: Comparable, tolerance: Tolerance, workers: Workers) -> Iterator[tuple[int, Measures]]:
    from ..inspect.one_thread import one_thread
    from .measures import measure

    close, piece_of_a, piece_of_b = True, a.reader(), b.reader()

    def measured(start: int) -> Measures:
        stop = min(start + PIECE, a.elements)
        with one_thread():
            return measure(piece_of_a(start, stop), piece_of_b(start, stop), tolerance if close else None)

    starts = range(0, a.elements, PIECE)
    for start, measures in zip(starts, workers.ordered(measured, starts), strict=True):
        close = close and measures.close
        yield start, measures
