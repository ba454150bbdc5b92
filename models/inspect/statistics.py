"""Statistics of a tensor of any size: a stream of chunks, each read once for the moments and once for the histogram.

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
from .cancelled import Asked, Cancelled, never
from .chunks import chunks, without_repeats
from .reading import Desk, strided, trouble

MOST_BINS = 1_000


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

    `count` is the number of all elements.  Complex numbers enter by magnitude, booleans as 0 and 1.  `cancelled` and
    `progress` (from 0 to 1) are called between chunks.  Raises `Cancelled`.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence:
        return StatisticsOf(path=path, of=of, absence=absence, reason=reason)
    try:
        values, repeats = without_repeats(strided(tensor))
        tick = _ticker(values.numel(), cancelled, progress)
        desk = Desk()
        moments = _moments(values, desk, tick)
        edges, counts = _histogram(values, desk, moments, min(max(bins, 1), MOST_BINS), tick)
    except RuntimeError as error:
        return StatisticsOf(path=path, of=of, absence="unsupported", reason=trouble(error))
    n = moments.n * repeats
    squares = moments.squares * repeats
    return StatisticsOf(
        path=path, of=of, count=tensor.numel(),
        minimum=moments.low if n else None, maximum=moments.high if n else None, mean=moments.mean if n else None,
        std=math.sqrt(squares / (n - 1)) if n > 1 else None,
        l2=math.sqrt(squares + n * moments.mean * moments.mean) if n else None,
        zeros=moments.zeros * repeats, nan=moments.nan * repeats, inf=moments.inf * repeats,
        edges=edges, counts=[count * repeats for count in counts],
    )  # fmt: skip


@dataclass(slots=True)
class Moments:
    """What is known of the elements seen so far; `n` to `squares` are about the finite ones."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared deviations from the mean."""
    low: float = math.inf
    high: float = -math.inf
    zeros: int = 0
    nan: int = 0
    inf: int = 0

    def add(self, chunk: Tensor, desk: Desk) -> None:
        """Take in a chunk that is not empty.

        Squares are summed about the mean so far, in one go; only when the chunk's own mean is far from that, about it.
        """
        numbers = desk.lay(chunk)
        n = numbers.numel()
        pivot = self.mean
        # float32 is compared faster as it is; other small types are not
        low, high = torch.aminmax(chunk if chunk.dtype is torch.float32 else numbers)
        nonzero = numbers.count_nonzero()
        shifted = numbers.sub_(pivot)
        told = torch.stack((low, high, nonzero, shifted.sum(), shifted.dot(shifted)))
        least, most, filled, total, squares = told.tolist()
        self.zeros += n - int(filled)
        if not (math.isfinite(least) and math.isfinite(most)):
            self._add_some(desk.lay(chunk))
            return
        apart = total / n
        surplus = n * apart * apart
        if math.isfinite(squares) and surplus <= squares / 2:
            self._merge(n, least, most, pivot + apart, squares - surplus)
        elif math.isfinite(squares):
            shifted.sub_(apart)
            self._merge(n, least, most, pivot + apart, float(shifted.dot(shifted)))
        else:  # numbers near the end of float64, where what is about a pivot overflows first
            self._add_finite(desk.lay(chunk))

    def _add_some(self, numbers: Tensor) -> None:
        nan = int(numbers.isnan().sum())
        finite = numbers[numbers.isfinite()]
        self.nan += nan
        self.inf += numbers.numel() - nan - finite.numel()
        if finite.numel():
            self._add_finite(finite)

    def _add_finite(self, numbers: Tensor) -> None:
        least, most, total = torch.stack((*torch.aminmax(numbers), numbers.sum())).tolist()
        mean = total / numbers.numel()
        deviations = numbers - mean
        self._merge(numbers.numel(), least, most, mean, float(deviations.dot(deviations)))

    def _merge(self, n: int, low: float, high: float, mean: float, squares: float) -> None:
        """Chan's update: exact however far the mean is from zero, and in any order of chunks."""
        both = self.n + n
        apart = mean - self.mean
        self.squares += squares + apart * apart * (self.n * n / both)
        self.mean += apart * (n / both)
        self.n = both
        self.low, self.high = min(self.low, low), max(self.high, high)


def _ticker(size: int, cancelled: Asked, progress: Callable[[float], None] | None) -> Callable[[int], None]:
    """Called with the elements just read; both passes together are the whole."""
    done = 0

    def tick(read: int) -> None:
        nonlocal done
        done += read
        if cancelled():
            raise Cancelled
        if progress is not None:
            progress(min(done / (2 * size), 1.0))

    return tick


def _moments(values: Tensor, desk: Desk, tick: Callable[[int], None]) -> Moments:
    """The first pass."""
    moments = Moments()
    tick(0)
    for chunk in chunks(values):
        moments.add(chunk, desk)
        tick(chunk.numel())
    return moments


def _histogram(
    values: Tensor, desk: Desk, moments: Moments, bins: int, tick: Callable[[int], None]
) -> tuple[list[float], list[int]]:
    """The second pass: `bins + 1` edges and the elements between; a bin holds its lower edge, the last one both."""
    if not moments.n:
        return [], []
    low, high = _bounds(moments.low, moments.high)
    scale = 1.0 if math.isfinite(high - low) else 0.5  # the whole range of float64 is twice its largest number
    width = high * scale - low * scale
    edges = [(low * scale + width * (index / bins)) / scale for index in range(bins)] + [high]
    total = None
    for chunk in chunks(values):
        numbers = desk.lay(chunk)
        if moments.nan or moments.inf:
            numbers = numbers[numbers.isfinite()]
        shifted = numbers.sub_(low) if scale == 1.0 else numbers.mul_(scale).sub_(low * scale)
        counted = torch.bincount(desk.whole(shifted.div_(width).mul_(bins)), minlength=bins + 1)
        total = counted if total is None else total.add_(counted)
        tick(chunk.numel())
    assert total is not None
    counts: list[int] = total.tolist()
    counts[bins - 1] += counts.pop()  # the maximum itself
    return edges, counts


def _bounds(low: float, high: float) -> tuple[float, float]:
    """The range of the histogram: when all elements are equal, half their size to both sides (or ±0.5 about zero)."""
    if low < high:
        return low, high
    half = abs(low) / 2 or 0.5
    most = sys.float_info.max
    return max(low - half, -most), min(high + half, most)
