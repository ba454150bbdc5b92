"""Measures of a piece of two tensors: in few passes where they are finite floats, with care where not."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ..work.one_thread import one_thread
from .difference import Tolerance
from .float_kernels import sums_of
from .floats import FLOATS, UNIT, FloatSums
from .largest import changes
from .measures import Measures, measure_alike, measure_pair
from .pieces import Pieces

MANY = 2**12
"""Elements of a piece from which on floats are measured in few passes; fewer are added as float64."""


def measure_piece(
    pieces: Pieces, start: int, stop: int, equal: bool, tolerance: Tolerance | None, beat: float
) -> Measures:
    """Return the measures of the elements `start` to `stop`, read part by part.

    Args:
        pieces: both tensors.
        start: the first element.
        stop: the element behind the last one.
        equal: whether they are known to be equal, so that only those of A are read.
        tolerance: that of `close`; None where that is not asked.
        beat: the place of the largest change is only looked for where that is not smaller than this.

    Raises:
        Unreadable: a side cannot be read.
    """
    with one_thread():
        if stop - start >= MANY:
            found = _in_few_passes(pieces, start, stop, equal, tolerance, beat)
            if found is not None:
                return found
        found = Measures(close=equal or tolerance is not None)
        for first, x, y in _parts(pieces, start, stop, equal):
            if y is None:
                found.merge(measure_alike(x))
            else:
                found.merge(measure_pair(x, y, tolerance if found.close else None, first))
        return found


def _parts(pieces: Pieces, start: int, stop: int, equal: bool) -> Iterator[tuple[int, Tensor, Tensor | None]]:
    return ((start, x, None) for x in pieces.of_a(start, stop)) if equal else pieces.both(start, stop)


def _in_few_passes(
    pieces: Pieces, start: int, stop: int, equal: bool, tolerance: Tolerance | None, beat: float
) -> Measures | None:
    """Return the measures; None where they need care, for which everything is read again."""
    sums: FloatSums | None = None
    rest = Measures(close=equal or tolerance is not None)
    for first, x, y in _parts(pieces, start, stop, equal):
        if sums is None:
            other = x.dtype if y is None else y.dtype
            if not {x.dtype, other} <= FLOATS:
                return None
            sums = sums_of(x.dtype, other, stop - start, tolerance, beat)
        whole = x.numel() - x.numel() % UNIT
        if whole and y is None:
            sums.add_alike(x[:whole])
        elif whole and y is not None:
            sums.add(x[:whole], y[:whole], first)
        if whole < x.numel():
            left = x[whole:]
            rest.merge(measure_alike(left) if y is None else measure_pair(left, y[whole:], tolerance, first + whole))
    totals = None if sums is None else sums.finish()
    if sums is None or totals is None:
        return None
    found = Measures(*totals, sums.largest, sums.differing, close=equal or sums.close)
    if sums.differing and sums.may_be_larger(beat):
        found.largest, found.place = _largest(pieces, sums.largest_spans())
    found.merge(rest)
    return found


def _largest(pieces: Pieces, spans: list[tuple[int, int]]) -> tuple[float, int]:
    """Return the largest change of those in some spans, exactly, and its position, the first of several."""
    largest, place = -1.0, 0
    for start, stop in spans:
        for first, x, y in pieces.both(start, stop):
            if y is None:
                continue
            apart = changes(x, y)
            peak = int(apart.argmax())
            if (found := apart[peak].item()) > largest:
                largest, place = found, first + peak
    return largest, place
