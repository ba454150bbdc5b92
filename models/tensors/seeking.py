"""Looks through the elements of a tensor from one of them on, once round, piece by piece.  Must not import torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..work.cancelled import Cancelled, ShouldCancel

Look = Callable[[int, int, int], int | None]
"""`look(start, stop, step)`: the first (`step` 1) or last (-1) wanted place from `start` to `stop`, or None."""


def seek(
    look: Look,
    elements: int,
    origin: int,
    step: int,
    most: int,
    cancelled: ShouldCancel,
    progress: Callable[[float], None] | None = None,
) -> int | None:
    """The next place behind (`step` 1) or before (-1) `origin` that `look` finds, `origin` itself coming last.

    `look` is asked about ranges of at most `most` places; `progress` is told from 0 to 1.  Raises `Cancelled`.
    """
    done, told = 0, 0.0
    for start, stop in rounds(elements, origin, step, most):
        if cancelled():
            raise Cancelled
        if (found := look(start, stop, step)) is not None:
            return found
        done += stop - start
        if progress is not None and done >= (told + 0.01) * elements:
            told = done / elements
            progress(told)
    return None


def rounds(elements: int, origin: int, step: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges that hold each of `elements` places once, in the order in which they are looked at."""
    if step > 0:
        for first, last in ((origin + 1, elements), (0, origin + 1)):
            yield from ((start, min(start + most, last)) for start in range(first, last, most))
    else:
        for first, last in ((0, origin), (origin, elements)):
            yield from ((max(stop - most, first), stop) for stop in range(last, first, -most))


def place_of(shape: Sequence[int], index: Sequence[int]) -> int:
    """Where the element at `index` stands in row-major order: missing numbers are 0, others are clamped."""
    place = 0
    for size, number in zip(shape, [*index, *[0] * len(shape)], strict=False):
        place = place * size + max(min(number, size - 1), 0)
    return place


def index_at(shape: Sequence[int], place: int) -> list[int]:
    """The index of the element at a place in row-major order."""
    index = []
    for size in reversed(shape):
        place, number = divmod(place, size)
        index.append(number)
    return index[::-1]
