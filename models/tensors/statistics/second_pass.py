"""Further passes for the histogram and quantiles of dtypes above 16 bits, which one pass gives approximately."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...work.progress import Ticker
from ..reading import Workspace
from .binning import Bins
from .census import Distribution
from .float_codes import MANTISSA, is_coarse, write_codes
from .histogram import Scale
from .moments import Moments
from .narrowing import KeyRange, Sieve
from .quantiles import ranks
from .stream import Stream, sweep

Quantiles = list[tuple[float, float]]
"""Pairs of a fraction from 0 to 1 and the number there."""


def quantiles_of(spread: Distribution, whole: bool) -> Quantiles:
    """Return the quantiles of a distribution: the middle of the bin where each lies; a whole number where `whole`."""
    found: Quantiles = []
    for quantile, bin_, _ in _bins(spread):
        below, above = float(spread.below[bin_]), float(spread.above[bin_])
        middle = below + (above - below) / 2
        if whole:
            middle = min(below, above, key=abs) if _holds_one(below, above) else float(round(middle))
        found.append((quantile, middle))
    return found


def _holds_one(below: float, above: float) -> bool:
    """Return whether a code this near to zero holds one whole number only: its end nearer to zero."""
    return max(-below, above) <= 1 << MANTISSA


def _bins(spread: Distribution) -> list[tuple[float, int, int]]:
    """Return each quantile, its bin, and its rank among the bin's elements in ascending order, from 1 on."""
    if not spread.counts.numel():
        return []
    until = spread.counts.cumsum(0)
    found = []
    for quantile, rank in ranks(int(until[-1])):
        bin_ = int(torch.searchsorted(until, rank))
        found.append((quantile, bin_, rank - (int(until[bin_ - 1]) if bin_ else 0)))
    return found


def open_ranges(spread: Distribution, *, singles: bool, whole: bool, exact: bool) -> list[KeyRange]:
    """Return the key ranges of the quantiles that a distribution does not give closely, or with `exact` not exactly.

    `singles` and `whole`: all elements are float32, or whole numbers.
    """
    if spread.codes is None:
        return []
    ranges: dict[int, KeyRange] = {}
    for quantile, bin_, rank in _bins(spread):
        code = int(spread.codes[bin_])
        below, above = float(spread.below[bin_]), float(spread.above[bin_])
        known = below == above or (whole and _holds_one(below, above))
        if not known and (exact or is_coarse(code)):
            range_ = ranges.setdefault(bin_, KeyRange.of_code(code, int(spread.counts[bin_]), {}, singles))
            range_.ranks.setdefault(rank, []).append(quantile)
    return list(ranges.values())


def refine(
    stream: Stream, moments: Moments, ranges: Sequence[KeyRange], scale: Scale | None, ticker: Ticker
) -> tuple[dict[float, float], list[int]]:
    """Return the exact quantiles in `ranges` and the counts of a histogram, after as many passes as that takes.

    The counts are empty where `scale` is None.  Quantiles are numbers by their fraction from 0 to 1.

    Raises:
        Cancelled: `ticker` was cancelled.
        Exception: whatever reading a block raises.
    """
    known: dict[float, float] = {}
    counts: list[int] = []
    dirty = bool(moments.nan or moments.inf)
    while ranges or scale:
        todo, bins = list(ranges), scale
        workers = sweep(stream, lambda todo=todo, bins=bins: _Pass(todo, bins, dirty), ticker)  # type: ignore[misc]
        if scale:
            found = [each.bins.counts() for each in workers if each.bins]
            counts = scale.joined([sum(column) for column in zip(*found, strict=True)])
            scale = None
        if ranges:
            fresh, ranges = Sieve.found([each.sieve for each in workers])
            known |= fresh
    return known, counts


class _Pass:
    """A worker of one pass: it narrows key ranges and counts into bins."""

    def __init__(self, ranges: Sequence[KeyRange], scale: Scale | None, dirty: bool) -> None:
        self.sieve = Sieve(ranges)
        self._scale, self._dirty, self._has_ranges = scale, dirty, bool(ranges)
        self.bins = Bins(scale.bins) if scale else None
        self._workspace = Workspace()
        self._singles = torch.empty(0, dtype=torch.float32, device="cpu")
        self._room = torch.empty(0, dtype=torch.int32, device="cpu")
        self._places = torch.empty(0, dtype=torch.float64, device="cpu")

    def take(self, piece: Tensor, start: int) -> None:
        numbers = self._workspace.to_float64(piece)
        if self._dirty:
            numbers = numbers[numbers.isfinite()]
        n = numbers.numel()
        if not n:
            return
        if self._has_ranges:
            if self._singles.numel() < n:
                self._singles, self._room = (
                    torch.empty(n, dtype=torch.float32, device="cpu"),
                    torch.empty(n, dtype=torch.int32, device="cpu"),
                )
            write_codes(numbers, self._room[:n], self._singles)
            self.sieve.take(numbers, self._room[:n])
        if self.bins and self._scale:
            if self._places.numel() < n:
                self._places = torch.empty_like(numbers)
            self.bins.add(self._workspace.to_int16(self._scale.place(numbers, self._places[:n])))

    def finish(self) -> None:
        """Do nothing: `take` counted everything."""
