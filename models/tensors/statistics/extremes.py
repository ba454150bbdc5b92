"""The lowest and the highest element of what a worker reads, and where in the stream each comes first.

Where is looked for once, at the end: until then the pieces in which an extreme was first met are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .moments import Moments
from .stream import Piece

PART = 2**15
"""Elements that are compared at once when the place of an extreme is looked for."""


class Extremes:
    """The extremes of the finite elements of the pieces so far, with the first pieces that hold them.

    Args:
        real: returns the elements of a piece in one dimension, comparable with its extremes.
    """

    def __init__(self, real: Callable[[Tensor], Tensor]) -> None:
        self._real = real
        self.low = math.inf
        self.high = -math.inf
        self._with_low: Sequence[Piece] = ()
        self._with_high: Sequence[Piece] = ()

    def widen(self, low: float, high: float, pieces: Sequence[Piece]) -> None:
        """Take in the extremes of some pieces, in the order of the stream; no two calls have pieces among others'."""
        start = pieces[0][0]
        if low < self.low or (low == self.low and start < self._with_low[0][0]):
            self.low, self._with_low = low, pieces
        if high > self.high or (high == self.high and start < self._with_high[0][0]):
            self.high, self._with_high = high, pieces

    def settle(self, moments: Moments) -> None:
        """Extend the extremes of `moments` to these, with the positions of the first elements that are as low or high.

        A tensor that is written to meanwhile may not hold such an element any more: it has no position then.
        """
        if self.low <= self.high:
            low_at = self._first(self.low, self._with_low)
            moments.widen(float(self.low), float(self.high), low_at, self._first(self.high, self._with_high))

    def _first(self, number: float, pieces: Sequence[Piece]) -> int | None:
        for start, piece in pieces:
            for part in torch.split(piece, PART) if piece.dim() == 1 else (piece,):
                found = self._real(part)
                equal = found == number
                if equal.any():
                    return start + int(equal.nonzero()[0])
                start += len(found)
        return None
