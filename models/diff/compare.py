"""One tensor against another, in pieces of both sides in step.  Imports torch only where bytes differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..stored.stored import Unreadable
from ..tensors.lattice import FEW, SPAN, repeated, repeats_much, span_of, without
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
    mine, theirs, times = _once(a, b)
    try:
        numbers = _of_spans(mine, theirs, tolerance) or _numbers(mine, theirs, tolerance, workers, read)
        numbers = replace(numbers, differing=numbers.differing * times, nonfinite=numbers.nonfinite * times)
    except Unreadable as error:
        return Difference(a.path, "unreadable", a.side, b.side, reason=str(error))
    status = numbers.values if a.side.dtype == b.side.dtype else "dtype"
    return Difference(a.path, status, a.side, b.side, numbers)


def _once(a: Comparable, b: Comparable) -> tuple[Comparable, Comparable, int]:
    """Both without what is repeated in both, and how often each element of these stands in the whole."""
    shape = a.side.shape or ()
    if a.elements <= FEW or a.strides is None or b.strides is None:
        return a, b, 1
    axes = repeated(shape, a.strides) & repeated(shape, b.strides)
    return (a.once(axes), b.once(axes), without(shape, axes)[1]) if axes else (a, b, 1)


def _of_spans(a: Comparable, b: Comparable, tolerance: Tolerance) -> Numbers | None:
    """The comparison of two tensors that show few stored elements many times; None for all others.

    Raises:
        Unreadable: too much is stored, or they do so in different ways.
    """
    shape, strides = a.side.shape or (), a.strides
    if strides is None or b.strides is None or not (repeats_much(shape, strides) and repeats_much(shape, b.strides)):
        return None  # so many are stored on one side that it may take as long
    size = span_of(shape, strides)
    if strides != b.strides or size > SPAN:
        how = "the same way" if strides == b.strides else "different ways"
        raise Unreadable(f"both show few stored elements many times, in {how}: {a.elements:,} pairs are not compared")
    from ..work.one_thread import one_thread
    from .spans import weighed

    with one_thread():
        return weighed(a.span_reader()(0, size), b.span_reader()(0, size), shape, strides, tolerance)


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
    from ..work.one_thread import one_thread
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
