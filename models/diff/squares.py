"""Sums of squares of one tensor's elements: what a relative difference over several tensors is relative to."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..tensors.lattice import repeats_much
from ..tensors.overlap import multiplicity, shown_once, span_piece
from ..tensors.readable import Readable, Unreadable
from ..work.one_thread import one_thread
from .measures import PART, measure_pair
from .sums import Sum
from .workers import Workers

PIECE = 2**17
"""Elements that are read at a time: with twice as many the memory is new each time, which takes five times as long."""
_LEAST = 1e-25
"""The smallest sum of a part of which float32 loses nothing to speak of: what vanishes is below 1e-38 an element."""


def squares_of(readable: Readable, workers: Workers) -> Sum | None:
    """Return the sum of the squares of all finite elements, streamed; None where they cannot be read.

    Relative to it the error is below 1e-5.
    """
    try:
        ready, times = shown_once(readable.unpacked())
        if ready.strides is not None and repeats_much(ready.shape, ready.strides):
            return _of_span(ready).times(times)

        def of_piece(start: int) -> Sum:
            with one_thread():
                return squares(ready.piece(start, min(start + PIECE, ready.elements)).cpu())

        total = Sum()
        for found in workers.ordered(of_piece, range(0, ready.elements, PIECE)):
            total.add(found.value, found.exponent)
        return total.times(times)
    except Unreadable:
        return None


def squares(numbers: Tensor) -> Sum:
    """Return the sum of the squares of the finite elements of a one-dimensional CPU tensor."""
    total = Sum()
    for start in range(0, numbers.numel(), PART):
        part = numbers[start : start + PART]
        if part.dtype == torch.float32:
            found = float(part.dot(part))
            if math.isfinite(found) and found > _LEAST:
                total.add(found)
                continue
        exact = measure_pair(part, part, None).a
        total.add(exact.value, exact.exponent)
    return total


def _of_span(readable: Readable) -> Sum:
    """Return the sum for a tensor that repeats few stored elements many times; each counts as often as it is shown."""
    numbers, times = span_piece(readable).cpu(), multiplicity(readable.shape, readable.strides or ())
    wide = numbers.to(torch.complex128 if numbers.is_complex() else torch.float64)
    shown = wide.isfinite() & (times > 0)
    weighted = wide[shown] * times[shown].double().sqrt()
    return measure_pair(weighted, weighted, None).a
