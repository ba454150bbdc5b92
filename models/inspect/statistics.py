"""Statistics of a tensor of any size: a stream of chunks, each read once for the extremes and once for all the rest.

Few torch calls a chunk, in memory that stays in the processor's cache, and one trip of the results to Python: while
another thread computes, every call waits for its turn.  Sums are float64 throughout, so float16 cannot overflow and
1e8 plus something tiny does not cancel.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..engine.messages import Of, StatisticsOf
from .absence import NO_GRADIENT, absence_of
from .binning import Bins
from .cancelled import Asked, Cancelled, never
from .chunks import chunks, without_repeats
from .one_thread import one_thread
from .reading import Desk, strided, trouble

MOST_BINS = 1_000
_COMPARED = (torch.float64, torch.float32, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
"""Types whose extremes are found as quickly as those of float64, without a copy."""
_SAFE = 1e140
"""Squares of numbers below are float64, and sums of such squares."""


@one_thread()
def statistics(
    tensor: Tensor | None,
    *,
    path: str,
    of: Of = "value",
    bins: int = 40,
    missing: str = NO_GRADIENT,
    cancelled: Asked = never,
    progress: Callable[[float], None] | None = None,
) -> StatisticsOf:
    """Moments, extremes and a histogram of the finite elements; NaN and infinities are counted apart.

    `count` is the number of all elements.  Complex numbers enter by magnitude, booleans as 0 and 1.  `cancelled` is
    asked between chunks, some thousand times a second; `progress` is told from 0 to 1.  Raises `Cancelled`.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence:
        return StatisticsOf(path=path, of=of, absence=absence, reason=reason)
    try:
        values, repeats = without_repeats(strided(tensor))
        tick = _ticker(values.numel(), cancelled, progress)
        desk = Desk()
        extremes = _extremes(values, desk, tick)
        moments, edges, counts = _moments(values, extremes, desk, min(max(bins, 1), MOST_BINS), tick)
    except RuntimeError as error:
        return StatisticsOf(path=path, of=of, absence="unsupported", reason=trouble(error))
    n = moments.n * repeats
    squares = moments.squares * repeats
    return StatisticsOf(
        path=path, of=of, count=tensor.numel(),
        minimum=extremes.low if n else None, maximum=extremes.high if n else None, mean=moments.mean if n else None,
        std=math.sqrt(squares / (n - 1)) if n > 1 else None,
        l2=math.sqrt(squares + n * moments.mean * moments.mean) if n else None,
        zeros=moments.zeros * repeats, nan=moments.nan * repeats, inf=moments.inf * repeats,
        edges=edges, counts=[count * repeats for count in counts],
    )  # fmt: skip


@dataclass(slots=True)
class Extremes:
    """What the first pass finds."""

    low: float
    """Of the finite elements; infinity without any."""
    high: float
    finite: list[bool]
    """Of each chunk, whether all its elements are."""


@dataclass(slots=True)
class Moments:
    """What is known of the elements seen so far; `n` to `squares` are about the finite ones."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared deviations from the mean."""
    zeros: int = 0
    nan: int = 0
    inf: int = 0

    def add_shifted(self, shifted: Tensor, pivot: float, nonzero: Tensor) -> None:
        """Take in a chunk as its elements less `pivot`, and how many of them were not zero."""
        n = shifted.numel()
        filled, total, squares = torch.stack((nonzero, shifted.sum(), shifted.dot(shifted))).tolist()
        apart = total / n
        deviating = squares - n * apart * apart
        if deviating < squares / 1000:  # far from the pivot: what is left would have too few digits
            deviations = shifted - apart
            deviating = float(deviations.dot(deviations))
        self.zeros += n - int(filled)
        self._merge(n, pivot + apart, deviating)

    def add(self, numbers: Tensor) -> None:
        """Take in finite elements; slower, and safe for those near the end of float64."""
        n = numbers.numel()
        filled, total = torch.stack((numbers.count_nonzero(), numbers.sum())).tolist()
        deviations = numbers - total / n
        self.zeros += n - int(filled)
        self._merge(n, total / n, float(deviations.dot(deviations)))

    def _merge(self, n: int, mean: float, squares: float) -> None:
        """Chan's update: exact however far the mean is from zero, and in any order of chunks."""
        both = self.n + n
        apart = mean - self.mean
        self.squares += squares + apart * apart * (self.n * n / both)
        self.mean += apart * (n / both)
        self.n = both


def _ticker(size: int, cancelled: Asked, progress: Callable[[float], None] | None) -> Callable[[int], None]:
    """Called with the elements just read; both passes together are the whole.  Each hundredth is told."""
    done, told = 0, -1.0

    def tick(read: int) -> None:
        nonlocal done, told
        done += read
        if cancelled():
            raise Cancelled
        part = min(done / (2 * size), 1.0) if size else 1.0
        if progress is not None and (part >= told + 0.01 or part == 1.0):
            told = part
            progress(part)

    return tick


def _extremes(values: Tensor, desk: Desk, tick: Callable[[int], None]) -> Extremes:
    """The first pass."""
    tick(0)
    found = []
    for chunk in chunks(values):
        found.append(torch.aminmax(chunk if chunk.dtype in _COMPARED else desk.lay(chunk)))
        tick(chunk.numel())
    if not found:
        return Extremes(math.inf, -math.inf, [])
    lows: list[float] = torch.stack([pair[0] for pair in found]).tolist()
    highs: list[float] = torch.stack([pair[1] for pair in found]).tolist()
    finite = [math.isfinite(low) and math.isfinite(high) for low, high in zip(lows, highs, strict=True)]
    for number, chunk in enumerate(chunks(values) if not all(finite) else ()):
        if not finite[number]:
            numbers = desk.lay(chunk)
            numbers = numbers[numbers.isfinite()]
            ends = torch.stack(torch.aminmax(numbers)).tolist() if numbers.numel() else (math.inf, -math.inf)
            lows[number], highs[number] = ends
    return Extremes(float(min(lows)), float(max(highs)), finite)


def _moments(
    values: Tensor, extremes: Extremes, desk: Desk, bins: int, tick: Callable[[int], None]
) -> tuple[Moments, list[float], list[int]]:
    """The second pass; with it the histogram's `bins + 1` edges and the elements between.

    A bin holds its lower edge, the last one both.
    """
    moments, found = Moments(), Bins(bins)
    low, high = _bounds(extremes.low, extremes.high)
    scale = 1.0 if math.isfinite(high - low) else 0.5  # the whole range of float64 is twice its largest number
    width = high * scale - low * scale
    slope = bins / width
    square = abs(low) < _SAFE and abs(high) < _SAFE
    for chunk, finite in zip(chunks(values), extremes.finite, strict=True):
        numbers = desk.lay(chunk)
        if not finite:
            nan = int(numbers.isnan().sum())
            numbers = numbers[numbers.isfinite()]
            moments.nan += nan
            moments.inf += chunk.numel() - nan - numbers.numel()
        if numbers.numel():
            if square:
                nonzero = numbers.count_nonzero()
                moments.add_shifted(numbers.sub_(low), low, nonzero)
            else:
                moments.add(numbers)
                numbers = numbers.mul_(scale).sub_(low * scale)
            found.add(desk.whole(numbers.mul_(slope) if math.isfinite(slope) else numbers.div_(width).mul_(bins)))
        tick(chunk.numel())
    if not moments.n:
        return moments, [], []
    edges = [(low * scale + width * (index / bins)) / scale for index in range(bins)] + [high]
    counts = found.counts()
    counts[bins - 1] += counts.pop()  # the maximum itself
    return moments, edges, counts


def _bounds(low: float, high: float) -> tuple[float, float]:
    """The range of the histogram: when all elements are equal, half their size to both sides (or ±0.5 about zero)."""
    if low != high:  # or the two infinities, when there are no elements
        return low, high
    half = abs(low) / 2 or 0.5
    most = sys.float_info.max
    return max(low - half, -most), min(high + half, most)
