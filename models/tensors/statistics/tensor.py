"""Statistics of a tensor of any size, of which most is known after one pass.

Nothing overflows, and 1e8 plus something tiny does not cancel.  Tensors of up to `SMALL` elements are read again, so
that nothing about them is approximate; larger ones when it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, partial

import torch
from torch import Tensor

from ...messages import Of, StatisticsOf
from ...work.cancelled import Cancelled, ShouldCancel, never
from ...work.one_thread import one_thread
from ..absence import NO_GRADIENT, absence_of, is_wrapper
from ..distributed import local_part
from ..lattice import repeats_much
from ..overlap import TooWide, multiplicity, span, strides_of
from ..reading import real64, strided, trouble
from .census import census, weighed
from .chunks import chunks, without_repeats
from .few import few
from .float_codes import WITHIN
from .histogram import Scale
from .moments import Moments
from .second_pass import Quantiles, look_again, quantiles_of, unsettled
from .stream import Stream, Table, Ticker

FEW = 2**13
"""Elements up to which sorting them is quickest."""
BLOCK = 2**20
"""Elements that a thread takes at a time."""
SMALL = 2**18
"""Elements up to which another pass is not felt."""


def statistics(
    tensor: Tensor | None,
    *,
    path: str,
    of: Of = "value",
    bins: int = 40,
    exact: bool = False,
    missing: str = NO_GRADIENT,
    cancelled: ShouldCancel = never,
    progress: Callable[[float], None] | None = None,
) -> StatisticsOf:
    """Moments, extremes, quantiles and a histogram of the finite elements; NaN and infinities are counted apart.

    `count` is the number of all elements.  Complex numbers enter by magnitude, booleans as 0 and 1.  `exact` asks for
    further passes where one pass tells quantiles and histogram closely only.  `cancelled` is asked between pieces,
    some thousand times a second; `progress` is told from 0 to 1.  Raises `Cancelled`.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence:
        return StatisticsOf(path=path, of=of, absence=absence, reason=reason)
    try:
        with one_thread():
            values, repeats = without_repeats(strided(local_part(tensor)))
            if repeats_much(values.shape, strides_of(values)):
                return _of_stored(values, repeats, path=path, of=of, bins=bins, cancelled=cancelled, progress=progress)
            return measure(
                _stream(values, repeats), path=path, of=of, bins=bins, exact=exact, cancelled=cancelled,
                progress=progress,
            )  # fmt: skip
    except TooWide as error:
        return StatisticsOf(path=path, of=of, absence="unsupported", reason=str(error))
    except Cancelled:
        raise
    except Exception as error:  # a foreign subclass raises what it likes
        return StatisticsOf(path=path, of=of, absence="unsupported", reason=trouble(error))


def _of_stored(
    values: Tensor,
    repeats: int,
    *,
    path: str,
    of: Of,
    bins: int,
    cancelled: ShouldCancel,
    progress: Callable[[float], None] | None,
) -> StatisticsOf:
    """The statistics of a view that shows its elements many times: each stored one counts as often as it is shown."""
    if cancelled():
        raise Cancelled
    counts = multiplicity(values.shape, values.stride())
    seen = counts.nonzero().view(-1)
    moments, spread = weighed(real64(span(values)).cpu()[seen], counts[seen])
    scale = Scale.of(moments.low, moments.high, bins) if moments.n else None
    if progress is not None:
        progress(1.0)
    return _answer(
        values.numel(), repeats, moments, path=path, of=of, quantiles=quantiles_of(spread, whole=False), within=0.0,
        edges=scale.edges() if scale else [], counts=scale.counts(spread) if scale else [],
    )  # fmt: skip


def measure(
    stream: Stream,
    *,
    path: str,
    of: Of = "value",
    bins: int = 40,
    exact: bool = False,
    cancelled: ShouldCancel = never,
    progress: Callable[[float], None] | None = None,
) -> StatisticsOf:
    """The statistics of a stream, as `statistics` tells them.  Raises `Cancelled`, and whatever reading raises."""
    if stream.size <= FEW:
        ticker = Ticker(stream.size, cancelled, progress)
        blocks = [stream.real(block()) for block in stream.blocks()]
        blocks.append(torch.tensor(stream.rest, dtype=torch.float64))
        moments, quantiles, edges, counts = few(torch.cat(blocks), bins)
        within = 0.0
    else:
        again = exact or stream.size <= SMALL
        ticker = Ticker(stream.size * (2 if again and stream.table is None else 1), cancelled, progress)
        moments, spread = census(stream, ticker, precise=again)
        scale = Scale.of(moments.low, moments.high, bins) if moments.n else None
        parts = unsettled(spread, singles=stream.singles, whole=stream.whole, exact=again)
        redone = scale if again and spread.codes is not None else None
        settled, counts = look_again(stream, moments, parts, redone, ticker)
        quantiles = [(which, settled.get(which, value)) for which, value in quantiles_of(spread, stream.whole)]
        within = 0.0 if again or spread.codes is None or not quantiles else WITHIN
        edges = scale.edges() if scale else []
        if scale and not redone:
            counts = scale.counts(spread)
    ticker.end()
    return _answer(
        stream.size, stream.repeats, moments, path=path, of=of, quantiles=quantiles, within=within,
        edges=edges, counts=counts,
    )  # fmt: skip


def _answer(
    size: int,
    repeats: int,
    moments: Moments,
    *,
    path: str,
    of: Of,
    quantiles: Quantiles,
    within: float,
    edges: list[float],
    counts: list[int],
) -> StatisticsOf:
    n, squares, mean = moments.n * repeats, moments.squares * repeats, moments.mean
    return StatisticsOf(
        path=path, of=of, count=size * repeats,
        minimum=moments.low if n else None, maximum=moments.high if n else None, mean=mean if n else None,
        std=math.sqrt(squares / (n - 1)) if n > 1 else None,
        l2=math.sqrt(squares + n * mean * mean) if n else None,
        zeros=moments.zeros * repeats, nan=moments.nan * repeats, inf=moments.inf * repeats,
        edges=edges, counts=[count * repeats for count in counts],
        quantiles=quantiles, quantiles_within=within,
    )  # fmt: skip


def _stream(values: Tensor, repeats: int) -> Stream:
    plain = type(values) in (Tensor, torch.nn.Parameter) and not is_wrapper(values) and not values.is_neg()
    table = table_of(values.dtype) if plain else None

    def blocks() -> Iterator[Callable[[], Tensor]]:
        most = BLOCK if values.device.type == "cpu" else None
        return (partial(_itself, chunk) for chunk in chunks(values, most))

    whole = not values.dtype.is_floating_point and not values.dtype.is_complex
    singles = values.dtype == torch.float32
    return Stream(values.numel(), blocks, table, whole, singles, repeats=repeats, device=values.device)


def _itself(chunk: Tensor) -> Tensor:
    return chunk


@cache
def table_of(dtype: torch.dtype) -> Table | None:
    """What the bit patterns of a type of at most 16 bits stand for; None for larger ones."""
    if dtype.is_complex or dtype.itemsize > 2:
        return None
    if dtype == torch.bool:
        return Table(torch.tensor([0.0] + [1.0] * 255, dtype=torch.float64).view(-1, 1))
    if dtype.itemsize == 1:
        patterns = torch.arange(256, dtype=torch.int32, device="cpu").to(torch.uint8)
    else:
        patterns = torch.arange(2**16, dtype=torch.int32, device="cpu").to(torch.uint16)
    return Table(patterns.view(dtype).to(torch.float64).view(-1, 1))
