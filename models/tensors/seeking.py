"""Search through the elements of a tensor, piece by piece, once round.  Must not import torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..work.cancelled import ShouldCancel
from ..work.progress import OnProgress, Ticker

LookAt = Callable[[int, int, int], int | None]
"""`look(start, stop, direction)`: the first (`direction` 1) or last (-1) match from `start` to `stop`, or None."""


def seek(
    look: LookAt,
    elements: int,
    origin: int,
    direction: int,
    limit: int,
    should_cancel: ShouldCancel,
    on_progress: OnProgress | None = None,
) -> int | None:
    """Return the next match of `look` after (`direction` 1) or before (-1) `origin`, which itself comes last.

    Elements are counted in row-major order; `look` is called with ranges of at most `limit` of them.  None where
    nothing matches.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    ticker = Ticker(elements, should_cancel, on_progress)
    for start, stop in rounds(elements, origin, direction, limit):
        if (found := look(start, stop, direction)) is not None:
            return found
        ticker.read(stop - start)
    ticker.end()
    return None


def rounds(elements: int, origin: int, direction: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of at most `limit` that hold each of `elements` once, in the order of the search."""
    if direction > 0:
        for first, last in ((origin + 1, elements), (0, origin + 1)):
            yield from ((start, min(start + limit, last)) for start in range(first, last, limit))
    else:
        for first, last in ((0, origin), (origin, elements)):
            yield from ((max(stop - limit, first), stop) for stop in range(last, first, -limit))


def position_of(shape: Sequence[int], index: Sequence[int]) -> int:
    """Return the row-major position of the element at `index`; missing dimensions are 0, others are clamped."""
    place = 0
    for size, given in zip(shape, [*index, *[0] * len(shape)], strict=False):
        place = place * size + max(min(given, size - 1), 0)
    return place


def index_at(shape: Sequence[int], place: int) -> list[int]:
    """Return the index of the element at a position in row-major order."""
    index = []
    for size in reversed(shape):
        place, last = divmod(place, size)
        index.append(last)
    return index[::-1]
