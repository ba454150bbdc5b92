"""What one pass cannot tell exactly of types above 16 bits, from further ones: the histogram and the quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..reading import Desk
from .binning import Bins
from .census import Spread
from .float_codes import MANTISSA, is_coarse, write_codes
from .histogram import Scale
from .moments import Moments
from .narrowing import Part, Sieve
from .quantiles import ranks
from .stream import Stream, Ticker, sweep

Quantiles = list[tuple[float, float]]


def quantiles_of(spread: Spread, whole: bool) -> Quantiles:
    """The quantiles of a spread: the middle of the bin where each of them is; of `whole` numbers a whole one."""
    found: Quantiles = []
    for quantile, bin_, _ in _bins(spread):
        below, above = float(spread.below[bin_]), float(spread.above[bin_])
        middle = below + (above - below) / 2
        if whole:
            middle = min(below, above, key=abs) if _holds_one(below, above) else float(round(middle))
        found.append((quantile, middle))
    return found


def _holds_one(below: float, above: float) -> bool:
    """Whether there is but one whole number of a code so near to zero: its end nearer to zero."""
    return max(-below, above) <= 1 << MANTISSA


def _bins(spread: Spread) -> list[tuple[float, int, int]]:
    """Of each quantile, its bin and its place among the bin's elements in ascending order, the first being 1."""
    if not spread.counts.numel():
        return []
    until = spread.counts.cumsum(0)
    found = []
    for quantile, rank in ranks(int(until[-1])):
        bin_ = int(torch.searchsorted(until, rank))
        found.append((quantile, bin_, rank - (int(until[bin_ - 1]) if bin_ else 0)))
    return found


def unsettled(spread: Spread, *, singles: bool, whole: bool, exact: bool) -> list[Part]:
    """The parts in which the quantiles are that the spread does not tell: all, or those it cannot tell closely."""
    if spread.codes is None:
        return []
    parts: dict[int, Part] = {}
    for quantile, bin_, place in _bins(spread):
        code = int(spread.codes[bin_])
        below, above = float(spread.below[bin_]), float(spread.above[bin_])
        known = below == above or (whole and _holds_one(below, above))
        if not known and (exact or is_coarse(code)):
            part = parts.setdefault(bin_, Part.of_code(code, int(spread.counts[bin_]), {}, singles))
            part.places.setdefault(place, []).append(quantile)
    return list(parts.values())


def look_again(
    stream: Stream, moments: Moments, parts: Sequence[Part], scale: Scale | None, ticker: Ticker
) -> tuple[dict[float, float], list[int]]:
    """Go through a stream as often as it takes to know the quantiles in `parts`.

    With it the histogram's counts, when there is a `scale`.  Raises `Cancelled`, and whatever reading raises.
    """
    known: dict[float, float] = {}
    counts: list[int] = []
    dirty = bool(moments.nan or moments.inf)
    while parts or scale:
        todo, bins = list(parts), scale
        workers = sweep(stream, lambda todo=todo, bins=bins: _Again(todo, bins, dirty), ticker)  # type: ignore[misc]
        if scale:
            found = [each.bins.counts() for each in workers if each.bins]
            counts = scale.joined([sum(column) for column in zip(*found, strict=True)])
            scale = None
        if parts:
            fresh, parts = Sieve.found([each.sieve for each in workers])
            known |= fresh
    return known, counts


class _Again:
    """One worker of such a pass."""

    def __init__(self, parts: Sequence[Part], scale: Scale | None, dirty: bool) -> None:
        self.sieve = Sieve(parts)
        self._scale, self._dirty, self._some = scale, dirty, bool(parts)
        self.bins = Bins(scale.bins) if scale else None
        self._desk = Desk()
        self._singles = torch.empty(0, dtype=torch.float32)
        self._room = torch.empty(0, dtype=torch.int32)

    def take(self, piece: Tensor) -> None:
        numbers = self._desk.lay(piece.cpu() if self._some else piece)
        if self._dirty:
            numbers = numbers[numbers.isfinite()]
        n = numbers.numel()
        if not n:
            return
        if self._some:
            if self._singles.numel() < n:
                self._singles, self._room = torch.empty(n, dtype=torch.float32), torch.empty(n, dtype=torch.int32)
            write_codes(numbers, self._room[:n], self._singles)
            self.sieve.take(numbers, self._room[:n])
        if self.bins and self._scale:
            self.bins.add(self._desk.whole(self._scale.place(numbers)))

    def finish(self) -> None:
        """Everything was counted at once."""
