"""The bins of a histogram between the lowest and the highest number, and what falls into each."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .census import Spread

MOST_BINS = 1_000


@dataclass(frozen=True, slots=True)
class Scale:
    """`bins` of equal width.  A bin holds its lower edge, the last one both."""

    low: float
    high: float
    bins: int

    @classmethod
    def of(cls, low: float, high: float, bins: int) -> Scale:
        """For finite numbers from `low` to `high`.

        When all are equal, half their size to both sides (or ±0.5 about zero).
        """
        bins = min(max(bins, 1), MOST_BINS)
        if low == high:
            half, most = abs(low) / 2 or 0.5, sys.float_info.max
            low, high = max(low - half, -most), min(high + half, most)
        return cls(low, high, bins)

    @property
    def _factor(self) -> float:
        """The whole range of float64 is twice its largest number."""
        return 1.0 if math.isfinite(self.high - self.low) else 0.5

    @property
    def _width(self) -> float:
        return self.high * self._factor - self.low * self._factor

    def edges(self) -> list[float]:
        """`bins + 1` ascending bounds."""
        factor, width = self._factor, self._width
        inner = [(self.low * factor + width * (index / self.bins)) / factor for index in range(self.bins)]
        return [*inner, self.high]

    def place(self, numbers: Tensor) -> Tensor:
        """In which bin float64 numbers are, as numbers whose whole part tells it, in the same memory.

        That of `high` is `bins`.
        """
        factor, width = self._factor, self._width
        slope = self.bins / width
        moved = numbers.mul_(factor).sub_(self.low * factor) if factor != 1 else numbers.sub_(self.low)
        return moved.mul_(slope) if math.isfinite(slope) else moved.div_(width).mul_(self.bins)

    def counts(self, spread: Spread) -> list[int]:
        """How many elements fall into each bin.

        Exact where each bin of the spread is one number; else those of one that lies across an edge are taken as
        evenly spread over it.
        """
        if spread.codes is None:
            places = self.place(spread.below.clone()).long()
            filled = torch.zeros(self.bins + 1, dtype=torch.int64).index_add_(0, places, spread.counts)
            return self.joined(filled.tolist())
        edges = torch.tensor(self.edges()[1:-1], dtype=torch.float64)
        until = torch.cat((torch.zeros(1, dtype=torch.int64), spread.counts.cumsum(0)))
        at = torch.searchsorted(spread.above, edges)  # the first that reaches so far
        at = at.clamp_(max=spread.counts.numel() - 1)
        below, above = spread.below[at], spread.above[at]
        part = ((edges - below) / (above - below)).nan_to_num(0.0).clamp_(0.0, 1.0)
        under = until[at] + (part * spread.counts[at]).round().long()
        marks = torch.cat((until[:1], under, until[-1:])).tolist()
        return [int(here - before) for before, here in pairwise(marks)]

    def joined(self, counts: list[int]) -> list[int]:
        """Counts of `bins + 1` places, the last of which is the highest number itself."""
        return [*counts[: self.bins - 1], counts[self.bins - 1] + counts[self.bins]]
