"""The bins of a histogram between the lowest and the highest number, and what falls into each."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .census import Distribution
from .plain import BIN_LIMIT

_NEAR = 1e-9
"""Part of a bin's width within which a number may be on either side of an edge; rounding moves it much less."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A range divided into `bins` of equal width.  A bin includes its lower edge, the last one both."""

    low: float
    high: float
    bins: int

    @classmethod
    def of(cls, low: float, high: float, bins: int) -> Scale:
        """Return the scale for finite numbers from `low` to `high`, with 1 to `BIN_LIMIT` bins.

        When all are equal it reaches half their size to both sides (±0.5 about zero).
        """
        bins = min(max(bins, 1), BIN_LIMIT)
        if low == high:
            half, largest = abs(low) / 2 or 0.5, sys.float_info.max
            low, high = max(low - half, -largest), min(high + half, largest)
        return cls(low, high, bins)

    @property
    def _factor(self) -> float:
        """Return the factor that keeps the range from overflowing: it may be twice the largest float64."""
        return 1.0 if math.isfinite(self.high - self.low) else 0.5

    @property
    def _width(self) -> float:
        return self.high * self._factor - self.low * self._factor

    def edges(self) -> list[float]:
        """Return the `bins + 1` bounds of the bins, ascending."""
        factor, width = self._factor, self._width
        inner = [(self.low * factor + width * (index / self.bins)) / factor for index in range(self.bins)]
        return [*inner, self.high]

    def place(self, numbers: Tensor, room: Tensor) -> Tensor:
        """Return numbers whose whole part is the bin of each of `numbers`, written to `room`; both are float64.

        The bin of `high` itself is `bins`: see `joined`.  Rounding may put a number that is at an edge, or next to it,
        to the wrong side: such numbers are compared with the edge itself.
        """
        factor, width = self._factor, self._width
        slope = self.bins / width
        moved = torch.sub(numbers, self.low, out=room) if factor == 1 else torch.mul(numbers, factor, out=room)
        if factor != 1:
            moved.sub_(self.low * factor)
        moved = moved.mul_(slope) if math.isfinite(slope) else moved.div_(width).mul_(self.bins)
        rests = moved.frac()
        if moved.numel() and not (rests.amin().item() > _NEAR and rests.amax().item() < 1 - _NEAR):
            near = (rests - 0.5).abs_() > 0.5 - _NEAR
            edges = torch.tensor(self.edges(), dtype=torch.float64, device=moved.device)
            moved[near] = (torch.searchsorted(edges, numbers[near], right=True) - 1).double()
        return moved

    def counts(self, spread: Distribution) -> list[int]:
        """Return how many elements of a distribution fall into each bin.

        Exact where each bin of the spread is one number; otherwise elements of one that lies across an edge are taken
        to be evenly spread over it.
        """
        if spread.codes is None:
            places = self.place(spread.below, torch.empty_like(spread.below)).long()
            filled = torch.zeros(self.bins + 1, dtype=torch.int64, device="cpu").index_add_(0, places, spread.counts)
            return self.joined(filled.tolist())
        edges = torch.tensor(self.edges()[1:-1], dtype=torch.float64, device="cpu")
        until = torch.cat((torch.zeros(1, dtype=torch.int64, device="cpu"), spread.counts.cumsum(0)))
        at = torch.searchsorted(spread.above, edges)  # the first that reaches so far
        at = at.clamp_(max=spread.counts.numel() - 1)
        below, above = spread.below[at], spread.above[at]
        part = ((edges - below) / (above - below)).nan_to_num(0.0).clamp_(0.0, 1.0)
        under = until[at] + (part * spread.counts[at]).round().long()
        marks = torch.cat((until[:1], under, until[-1:])).tolist()
        return [int(here - before) for before, here in pairwise(marks)]

    def joined(self, counts: list[int]) -> list[int]:
        """Return the counts of `bins` bins from those of `bins + 1`, the last of which is the highest number itself."""
        return [*counts[: self.bins - 1], counts[self.bins - 1] + counts[self.bins]]
