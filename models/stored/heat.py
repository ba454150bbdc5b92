"""A stored matrix reduced to a small picture: of each block the entry of largest magnitude, sign kept.

Small ones are read and reduced without torch.  Larger ones are streamed through it in pieces, which imports it where
nothing has yet: in pure Python a second would be enough for some hundred thousand entries only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isnan, nan
from typing import TYPE_CHECKING

from ..messages import HeatCells
from ..tensors.matrix import clamp_leading, first_element, matrix_size, per_cell, pieces
from ..work.cancelled import Cancelled, ShouldCancel, never
from .overlap import once, overlapping, span_values, too_wide
from .stored import InStrides, Stored, Unreadable
from .window import absence_after, no_numbers, read_numbers

if TYPE_CHECKING:
    from torch import Tensor

SMALL = 100_000
"""Entries up to which torch is not needed."""
AT_ONCE = 2**13
"""Entries reduced at a time without torch, between two questions whether the work was cancelled."""
PIECE = 2**18
"""Entries reduced at a time with torch."""

OnProgress = Callable[[float], None]


def stored_heat_map(
    stored: Stored,
    *,
    path: str,
    leading: Sequence[int] = (),
    height: int = 20,
    width: int = 60,
    cancelled: ShouldCancel = never,
    progress: OnProgress | None = None,
) -> HeatCells:
    """At most `height` x `width` cells, never more than elements; NaN where a block holds one, infinities kept.

    Complex numbers count by magnitude.  Memory is bounded by `PIECE` elements, or one row of blocks.  `progress` is
    told from 0 to 1.  Raises `Cancelled`.
    """
    shape = list(stored.shape)
    if reason := no_numbers(stored):
        return HeatCells(path=path, of="value", absence="unsupported", reason=reason, shape=shape)
    chosen = clamp_leading(shape, leading)
    if not stored.elements:
        return HeatCells(path=path, of="value", shape=shape, leading=chosen)
    rows, columns = matrix_size(shape)
    block = (per_cell(rows, height), per_cell(columns, width))
    try:
        values = _cells(stored, chosen, block, _ticker(cancelled, progress))
    except TooWide as error:
        return HeatCells(path=path, of="value", absence="unsupported", reason=str(error), shape=shape)
    except Unreadable as error:
        return HeatCells(path=path, of="value", absence=absence_after(error), reason=str(error), shape=shape)
    return HeatCells(
        path=path, of="value", shape=shape, leading=chosen, height=-(-rows // block[0]), width=-(-columns // block[1]),
        block=block, values=values,
    )  # fmt: skip


class TooWide(Exception):
    """The text says of how many stored elements the matrix would be made."""


def _cells(stored: Stored, leading: list[int], block: tuple[int, int], tick: OnProgress) -> list[float]:
    """The cells in row-major order, of few stored elements where the matrix shows these many times."""
    rows, columns = matrix_size(stored.shape)
    first, size = first_element(stored.shape, leading), (rows, columns)
    if (view := overlapping(stored)) is not None:
        matrix = stored.shape[-2:]
        chosen = view.part((*leading, *[0] * len(matrix)), (*[1] * len(leading), *matrix))
        stored, _ = once(chosen)
        first, size = 0, matrix_size(stored.shape)
        if (view := overlapping(stored)) is not None:
            return _of_view(view, size, block, tick)
    reduce = _in_python if size[0] * size[1] <= SMALL else _in_torch
    cells = reduce(stored, first, *size, block, tick)
    wide = -(-size[1] // block[1])
    across = -(-columns // block[1]) // wide  # what is repeated was reduced once
    lines = [cells[at : at + wide] * across for at in range(0, len(cells), wide)]
    return [cell for line in lines * (-(-rows // block[0]) // len(lines)) for cell in line]


def _of_view(view: InStrides, size: tuple[int, int], block: tuple[int, int], tick: OnProgress) -> list[float]:
    from ..tensors.heat import as_real
    from ..tensors.overlap import extremes

    if reason := too_wide(view):
        raise TooWide(reason)
    tick(0.0)
    strides = (0, 0, *view.stride)
    cells = extremes(as_real(span_values(view)), size, (strides[-2], strides[-1]), block)
    values: list[float] = cells.flatten().tolist()
    return values


def _ticker(cancelled: ShouldCancel, progress: OnProgress | None) -> OnProgress:
    """Called before each piece with the part that is done."""
    told = -1.0

    def tick(part: float) -> None:
        nonlocal told
        if cancelled():
            raise Cancelled
        if progress is not None and part >= told + 0.01:
            told = part
            progress(part)

    return tick


def _in_python(
    stored: Stored, first: int, rows: int, columns: int, block: tuple[int, int], tick: OnProgress
) -> list[float]:
    """The cells in row-major order."""
    down, across = block
    wide = -(-columns // across)
    cells = [0.0] * (-(-rows // down) * wide)
    for start in range(0, rows * columns, AT_ONCE):
        tick(start / (rows * columns))
        stop = min(start + AT_ONCE, rows * columns)
        number = stored.dtype.plain.number
        found = read_numbers(stored, first + start, first + stop)
        values = list(map(abs, found)) if number == "complex" else list(map(float, found))
        for place, part in _runs(start, stop, columns, across):
            row, column = divmod(start + place, columns)
            cell = row // down * wide + column // across
            fresh = row % down == 0 and column % across == 0
            cells[cell] = _largest(values[place : place + part], [] if fresh else [cells[cell]])
    return cells


def _runs(start: int, stop: int, columns: int, across: int) -> Iterator[tuple[int, int]]:
    """Pieces of the elements `start` to `stop` that lie in one row of one block: where from `start`, how many."""
    at = start
    while at < stop:
        column = at % columns
        part = min(across - column % across, columns - column, stop - at)
        yield at - start, part
        at += part


def _largest(values: list[float], before: list[float]) -> float:
    """Of largest magnitude, a positive one before a negative one of the same; NaN where there is one."""
    values = before + values
    if any(map(isnan, values)):
        return nan
    low, high = min(values), max(values)
    return high if high >= -low else low


def _in_torch(
    stored: Stored, first: int, rows: int, columns: int, block: tuple[int, int], tick: OnProgress
) -> list[float]:
    """The cells in row-major order.  Reads every element once, in the order of the file."""
    from ..tensors.heat import Blocks
    from ..work.one_thread import one_thread

    down, across = block
    blocks = Blocks(rows, columns, down, across)
    with one_thread():
        if columns > PIECE:
            for row in range(rows):
                for left, right in pieces(columns, across, PIECE):
                    tick((row * columns + left) / (rows * columns))
                    part = _real(stored, first + row * columns + left, first + row * columns + right)
                    blocks.take(part.view(1, -1), row, left)
        else:
            whole = columns - columns % across
            for top, bottom in pieces(rows, down, PIECE // columns):
                tick(top / rows)
                part = _real(stored, first + top * columns, first + bottom * columns).view(-1, columns)
                if whole:
                    blocks.take(part[:, :whole], top, 0)
                if whole < columns:
                    blocks.take(part[:, whole:], top, whole)
        values: list[float] = blocks.cells().reshape(-1).tolist()
    return values


def _real(stored: Stored, start: int, stop: int) -> Tensor:
    """Elements whatever the alignment of their type, as the heat map of a live tensor has them."""
    from ..tensors.heat import as_real
    from .torch_pieces import torch_piece

    unit = stored.dtype.plain.per_unit
    begin = start - start % unit
    piece = torch_piece(stored, begin, min(-(-stop // unit) * unit, stored.elements))
    return as_real(piece[start - begin : stop - begin])
