"""Statistics of a tensor in a file, read piece by piece: one larger than memory takes no more than a small one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from ..engine.messages import StatisticsOf
from ..inspect.cancelled import Asked, never
from ..inspect.statistics import measure, table_of
from ..inspect.stream import Stream, Table
from .stored import Stored, Unreadable
from .torch_pieces import torch_piece
from .window import absence_after, no_numbers

PIECE = 2**22
"""Bytes that are read at a time, by each thread."""


def stored_statistics(
    stored: Stored,
    *,
    path: str,
    bins: int = 40,
    exact: bool = False,
    cancelled: Asked = never,
    progress: Callable[[float], None] | None = None,
) -> StatisticsOf:
    """What `inspect.statistics.statistics` tells of the same numbers in memory; an absence where they cannot be read.

    A quantised tensor is measured by the float32 that its blocks stand for.  Raises `Cancelled`.
    """
    if reason := no_numbers(stored):
        return StatisticsOf(path=path, of="value", absence="unsupported", reason=reason)
    try:
        return measure(_stream(stored), path=path, bins=bins, exact=exact, cancelled=cancelled, progress=progress)
    except Unreadable as error:
        return StatisticsOf(path=path, of="value", absence=absence_after(error), reason=str(error))


def _stream(stored: Stored) -> Stream:
    plain = stored.dtype.plain
    step = max(PIECE // plain.unit, 1) * plain.per_unit

    def blocks() -> Iterator[Callable[[], Tensor]]:
        for start in range(0, stored.elements, step):
            yield partial(torch_piece, stored, start, min(start + step, stored.elements))

    return Stream(
        stored.elements, blocks, _table(stored), whole=plain.number in ("int", "bool"), singles=plain.name == "float32"
    )


def _table(stored: Stored) -> Table | None:
    plain = stored.dtype.plain
    if not plain.torch or plain.per_unit > 1 or plain.number == "complex":
        return None
    return table_of(getattr(torch, plain.torch))
