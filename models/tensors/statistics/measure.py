"""Statistics of a tensor of any size with torch, most of them after one pass.

Nothing overflows, and 1e8 plus something tiny does not cancel.  Tensors of up to `EXACT_LIMIT` elements are read again,
so that nothing about them is approximate; larger ones on request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from ...messages import StatisticsOf
from ...work.cancelled import ShouldCancel
from ...work.progress import OnProgress, Ticker
from ..lattice import repeats_much
from ..overlap import multiplicity, next_index, shown_once, span_piece
from ..readable import Readable
from ..reading import real64
from .by_sorting import statistics_by_sorting
from .census import census, from_counts
from .float_codes import WITHIN
from .histogram import Scale
from .moments import Moments
from .moments_pass import moments_of
from .second_pass import Quantiles, open_ranges, quantiles_of, refine
from .stream import Stream

SORT_LIMIT = 2**13
"""Elements up to which sorting them is fastest."""
EXACT_LIMIT = 2**18
"""Elements up to which a user does not notice further passes."""


def measure(
    readable: Readable,
    bins: int,
    exact: bool,
    should_cancel: ShouldCancel,
    on_progress: OnProgress | None,
    only_moments: bool = False,
) -> StatisticsOf:
    """Return the statistics of a tensor that can be read, without its path; see `statistics`, which calls this.

    Raises:
        Cancelled: `should_cancel` returned True.
        Exception: whatever reading raises.
    """
    readable, repeats = shown_once(readable)
    strides = readable.strides
    if strides is not None and repeats_much(readable.shape, strides):
        ticker = Ticker(1, should_cancel, on_progress)
        found = _of_span(readable, strides, repeats, bins)
        ticker.end()
        return found
    stream = readable.stream()
    if repeats > 1:
        stream = replace(stream, repeats=repeats)
    brief = _moments(stream, should_cancel, on_progress) if only_moments and stream.size > EXACT_LIMIT else None
    return brief or _of_stream(stream, bins, exact, should_cancel, on_progress)


def _moments(stream: Stream, should_cancel: ShouldCancel, on_progress: OnProgress | None) -> StatisticsOf | None:
    ticker = Ticker(stream.size, should_cancel, on_progress)
    moments = moments_of(stream, ticker)
    if moments is None:
        return None
    ticker.end()
    low_at, high_at = _place(moments.low_at, stream.index), _place(moments.high_at, stream.index)
    return _answer(stream.size, stream.repeats, moments, low_at, high_at, quantiles=[], within=0.0, edges=[], counts=[])


def _of_span(readable: Readable, strides: tuple[int, ...], repeats: int, bins: int) -> StatisticsOf:
    """Return the statistics of a view that repeats its elements: each stored one counts as often as it is repeated."""
    counts = multiplicity(readable.shape, strides)
    present = counts.nonzero().view(-1)
    elements = real64(span_piece(readable))
    moments, spread = from_counts(elements[present], counts[present])
    scale = Scale.of(moments.low, moments.high, bins) if moments.n else None

    def first(number: float) -> list[int] | None:
        last = [size - 1 for size in readable.shape]
        return next_index(elements == number, readable.shape, strides, last, 1)

    return _answer(
        readable.elements, repeats, moments, first(moments.low), first(moments.high),
        quantiles=quantiles_of(spread, whole=False), within=0.0,
        edges=scale.edges() if scale else [], counts=scale.counts(spread) if scale else [],
    )  # fmt: skip


def _of_stream(
    stream: Stream, bins: int, exact: bool, should_cancel: ShouldCancel, on_progress: OnProgress | None
) -> StatisticsOf:
    if stream.size <= SORT_LIMIT:
        ticker = Ticker(stream.size, should_cancel, on_progress)
        blocks = [stream.real(read()) for _, read in stream.blocks()]
        blocks.append(torch.tensor(stream.rest, dtype=torch.float64, device="cpu"))
        moments, quantiles, edges, counts = statistics_by_sorting(torch.cat(blocks), bins)
        within = 0.0
    else:
        exactly = exact or stream.size <= EXACT_LIMIT
        ticker = Ticker(stream.size * (2 if exactly and stream.table is None else 1), should_cancel, on_progress)
        moments, spread = census(stream, ticker, precise=exactly)
        scale = Scale.of(moments.low, moments.high, bins) if moments.n else None
        ranges = open_ranges(spread, singles=stream.singles, whole=stream.whole, exact=exactly)
        redone = scale if exactly and spread.codes is not None else None
        settled, counts = refine(stream, moments, ranges, redone, ticker)
        quantiles = [(which, settled.get(which, value)) for which, value in quantiles_of(spread, stream.whole)]
        within = 0.0 if exactly or spread.codes is None or not quantiles else WITHIN
        edges = scale.edges() if scale else []
        if scale and not redone:
            counts = scale.counts(spread)
    ticker.end()
    low_at, high_at = _place(moments.low_at, stream.index), _place(moments.high_at, stream.index)
    return _answer(
        stream.size, stream.repeats, moments, low_at, high_at, quantiles=quantiles, within=within,
        edges=edges, counts=counts,
    )  # fmt: skip


def _place(position: int | None, index: Callable[[int], list[int]]) -> list[int] | None:
    return None if position is None else index(position)


def _answer(
    size: int,
    repeats: int,
    moments: Moments,
    low_at: Sequence[int] | None,
    high_at: Sequence[int] | None,
    *,
    quantiles: Quantiles,
    within: float,
    edges: list[float],
    counts: list[int],
) -> StatisticsOf:
    n, squares, mean = moments.n * repeats, moments.squares * repeats, moments.mean
    return StatisticsOf(
        path="", of="value", count=size * repeats,
        minimum=moments.low if n else None, maximum=moments.high if n else None, mean=mean if n else None,
        minimum_at=list(low_at) if n and low_at is not None else None,
        maximum_at=list(high_at) if n and high_at is not None else None,
        std=math.sqrt(squares / (n - 1)) if n > 1 else None,
        l2=math.sqrt(squares + n * mean * mean) if n else None,
        zeros=moments.zeros * repeats, nan=moments.nan * repeats, inf=moments.inf * repeats,
        edges=edges, counts=[count * repeats for count in counts],
        quantiles=quantiles, quantiles_within=within,
    )  # fmt: skip
