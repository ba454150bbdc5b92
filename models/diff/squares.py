"""Sums of squares of one tensor's elements: what a relative difference over several tensors is relative to."""

from __future__ import annotations

import torch

from ..tensors.lattice import repeats_much
from ..tensors.overlap import multiplicity, shown_once, span_piece
from ..tensors.readable import Readable, Unreadable
from .measures import measure_pair
from .measuring import measure_piece
from .pieces import Pieces
from .sums import Sum
from .workers import Workers

PIECE = 2**20
"""Elements that a worker reads at a time, part by part."""


def squares_of(readable: Readable, workers: Workers) -> Sum | None:
    """Return the sum of the squares of all finite elements, streamed; None where they cannot be read.

    Relative to it the error is below 1e-5.
    """
    try:
        ready, times = shown_once(readable.unpacked())
        if ready.strides is not None and repeats_much(ready.shape, ready.strides):
            return _of_span(ready).times(times)
        pieces = Pieces(ready, ready, True)

        def of_piece(start: int) -> Sum:
            return measure_piece(pieces, start, min(start + PIECE, ready.elements), True, None, -1.0).a

        total = Sum()
        for found in workers.ordered(of_piece, range(0, ready.elements, PIECE)):
            total.add(found.value, found.exponent)
        return total.times(times)
    except Unreadable:
        return None


def _of_span(readable: Readable) -> Sum:
    """Return the sum for a tensor that repeats few stored elements many times; each counts as often as it is shown."""
    numbers, times = span_piece(readable).cpu(), multiplicity(readable.shape, readable.strides or ())
    wide = numbers.to(torch.complex128 if numbers.is_complex() else torch.float64)
    shown = wide.isfinite() & (times > 0)
    weighted = wide[shown] * times[shown].double().sqrt()
    return measure_pair(weighted, weighted, None).a
