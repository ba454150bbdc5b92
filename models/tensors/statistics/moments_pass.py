"""One pass over a stream for moments, extremes with their places, and counts, without quantiles and histogram.

At least twice as fast as a census where a summariser is there for the dtype (`summaries`, `fast`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...work.progress import Ticker
from ..reading import Workspace
from . import fast
from .extremes import Extremes
from .moments import Moments
from .stream import Stream, sweep
from .summaries import Summarise, TorchSummary

PIECE = 2**19
"""Bytes of a piece: it stays in the processor's cache beside what a summariser writes."""


def moments_of(stream: Stream, ticker: Ticker) -> Moments | None:
    """Return the moments of a stream after one pass; None where a census is the best way.

    Raises:
        Cancelled: `ticker` was cancelled.
        Exception: whatever reading a block raises.
    """
    dtype = _dtype_of(stream)
    if dtype is None or stream.rest:
        return None
    make = fast.summariser(dtype) or ((lambda: TorchSummary(dtype)) if dtype in TorchSummary.DTYPES else None)
    if make is None:
        return None
    moments = Moments()
    for worker in sweep(stream, lambda: _Sums(stream, dtype, make()), ticker, PIECE // dtype.itemsize):
        worker.extremes.settle(worker.moments)
        moments.merge(worker.moments)
    return moments


def _dtype_of(stream: Stream) -> torch.dtype | None:
    return stream.dtype if stream.table is None else stream.table.dtype


class _Sums:
    """A worker that sums up its pieces, and looks at the elements of those that are not plain."""

    def __init__(self, stream: Stream, dtype: torch.dtype, summarise: Summarise) -> None:
        self.moments = Moments()
        self.extremes = Extremes(self._typed)
        self._dtype = dtype
        self._summarise = summarise
        self._workspace = Workspace()
        self._room = torch.empty(0, dtype=dtype, device="cpu")

    def take(self, piece: Tensor, start: int) -> None:
        """Take in a piece of a block."""
        flat = self._typed(piece)
        found = self._summarise(flat)
        if found is None:
            self._look_at(flat, piece, start)
            return
        self.moments.add_known(found.n, found.mean, found.squares)
        self.moments.zeros += found.zeros
        self.extremes.widen(found.low, found.high, [(start, piece)])

    def _typed(self, piece: Tensor) -> Tensor:
        """Return the elements of a piece, contiguous and in one dimension; valid until the next call."""
        if piece.dtype != self._dtype:
            piece = piece.view(self._dtype)
        if piece.is_contiguous():
            return piece.view(-1)
        if self._room.numel() < piece.numel():
            self._room = torch.empty(piece.numel(), dtype=self._dtype, device="cpu")
        room = self._room[: piece.numel()]
        room.view(piece.shape).copy_(piece)
        return room

    def _look_at(self, flat: Tensor, piece: Tensor, start: int) -> None:
        """Take in a piece in float64; NaN and infinities are counted apart."""
        numbers = self._workspace.to_float64(flat)
        total, squares = float(numbers.sum()), float(numbers.dot(numbers))
        finite = numbers
        if not math.isfinite(total):
            finite = numbers[numbers.isfinite()]
            nan = int(numbers.isnan().sum())
            self.moments.nan += nan
            self.moments.inf += numbers.numel() - nan - finite.numel()
            if not finite.numel():
                return
        low, high = (each.item() for each in torch.aminmax(finite if self._dtype.is_floating_point else flat))
        self.extremes.widen(low, high, [(start, piece)])
        self.moments.zeros += finite.numel() - int(finite.count_nonzero())
        if finite is numbers and math.isfinite(squares):
            self.moments.add_sums(numbers, total, squares)
        else:
            self.moments.add(finite)

    def finish(self) -> None:
        """Do nothing: `take` took in everything."""
