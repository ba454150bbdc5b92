"""Heat maps: a matrix of any size reduced to the element of largest magnitude of each block, sign kept.

Small tensors in files are reduced without torch, which takes seconds to import; pure Python reduces some hundred
thousand elements a second.  Of a huge matrix a sample of each block is read, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan, nan
from typing import TYPE_CHECKING

from ..messages import Absence, HeatCells, Of, Place
from ..work.cancelled import ShouldCancel, never
from ..work.progress import OnProgress, Ticker
from .lattice import collapsed, repeated_axes, repeats_much
from .magnitude import magnitude
from .matrix import clamp_leading, first_element, matrix_size, per_cell, pieces
from .readable import Readable, answer

if TYPE_CHECKING:
    from torch import Tensor

WITHOUT_TORCH_LIMIT = 100_000
"""Elements of a tensor in a file up to which it is read without torch."""
AT_ONCE = 2**13
"""Elements that are read at a time without torch, between two calls of `should_cancel`."""
PIECE = 2**18
"""Elements that are read at a time with torch."""
WORTH_A_READ = 2**14
"""Elements below which a read costs about as much as one of so many."""
SAMPLED_FROM = 2**24
"""Elements of a matrix beyond which about so many of them are read, of each block its first rows, or parts of one."""

HeatBlock = tuple[int, int]
"""The rows and columns of elements that a cell stands for."""


def heat_map(
    readable: Readable,
    *,
    path: Place,
    of: Of = "value",
    leading: Sequence[int] = (),
    height: int = 20,
    width: int = 60,
    should_cancel: ShouldCancel = never,
    on_progress: OnProgress | None = None,
) -> HeatCells:
    """Return a matrix reduced to at most `height` x `width` cells, each the element of largest magnitude of a block.

    The sign is kept, a block with a NaN is NaN; complex elements count by magnitude.  `leading` indexes all dimensions
    but the last two, clamped as in `window`.  `on_progress` is called with a fraction from 0 to 1.  Memory is bounded
    by `PIECE` elements, or one row of blocks.  Of more than `SAMPLED_FROM` elements a sample of each block is read.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    shape = list(readable.shape)

    def absent(absence: Absence, reason: str) -> HeatCells:
        return HeatCells(path=path, of=of, absence=absence, reason=reason, shape=shape)

    def read(ready: Readable) -> HeatCells:
        chosen = clamp_leading(shape, leading)
        if not ready.elements:
            return HeatCells(path=path, of=of, shape=shape, leading=chosen)
        rows, columns = matrix_size(shape)
        block = (per_cell(rows, height), per_cell(columns, width))
        ticker = _Reading(rows * columns, should_cancel, on_progress)
        values = _cells(ready, chosen, block, ticker)
        return HeatCells(
            path=path, of=of, shape=shape, leading=chosen, height=-(-rows // block[0]), width=-(-columns // block[1]),
            block=block, values=values, read=rows * columns - ticker.left_out,
        )  # fmt: skip

    return answer(readable, absent, read)


class _Reading(Ticker):
    """Counts also what is left out, where a sample is read."""

    left_out = 0

    def leave_out(self, elements: int) -> None:
        """Count `elements` that are not read as done."""
        self.left_out += elements
        self.read(elements)


def _cells(readable: Readable, leading: Sequence[int], block: HeatBlock, ticker: _Reading) -> list[float]:
    """Return the cells in row-major order; no element is read much more often than it is stored."""
    shape, strides = readable.shape, readable.strides
    if strides is None or not (repeated_axes(shape, strides) or repeats_much(shape, strides)):
        return _reduced(readable, first_element(shape, leading), matrix_size(shape), block, ticker)
    matrix = shape[len(leading) :]
    axes = frozenset(axis for axis in repeated_axes(shape, strides) if axis >= len(leading))
    once, _ = collapsed((*[1] * len(leading), *matrix), axes)
    chosen = readable.part((*leading, *[0] * len(matrix)), once)
    size, (rows, columns) = matrix_size(once), matrix_size(shape)
    if repeats_much(once, strides):
        cells = _of_span(chosen, strides, size, block, ticker)
    else:
        cells = _reduced(chosen, 0, size, block, ticker)
    wide = -(-size[1] // block[1])
    across = -(-columns // block[1]) // wide  # what is repeated was reduced once
    lines = [cells[at : at + wide] * across for at in range(0, len(cells), wide)]
    return [cell for line in lines * (-(-rows // block[0]) // len(lines)) for cell in line]


def _of_span(
    readable: Readable, strides: Sequence[int], size: tuple[int, int], block: HeatBlock, ticker: _Reading
) -> list[float]:
    """Return the cells of a view that repeats few stored elements many times."""
    from ..work.one_thread import one_thread
    from .overlap import extremes, span_piece
    from .reductions import as_real

    ticker.read(0)
    steps = (0, 0, *strides)
    with one_thread():
        elements = as_real(span_piece(readable))
        cells: list[float] = extremes(elements, size, (steps[-2], steps[-1]), block).flatten().tolist()
    return cells


def _reduced(readable: Readable, first: int, size: tuple[int, int], block: HeatBlock, ticker: _Reading) -> list[float]:
    """Return the cells of the matrix that begins at the element `first`; every element is read once, in order."""
    if readable.without_torch and size[0] * size[1] <= WITHOUT_TORCH_LIMIT:
        return _in_python(readable, first, size, block, ticker)
    return _in_torch(readable, first, size, block, ticker)


def _in_python(
    readable: Readable, first: int, size: tuple[int, int], block: HeatBlock, ticker: _Reading
) -> list[float]:
    (rows, columns), (down, across) = size, block
    wide = -(-columns // across)
    cells = [0.0] * (-(-rows // down) * wide)
    for start in range(0, rows * columns, AT_ONCE):
        stop = min(start + AT_ONCE, rows * columns)
        found = readable.numbers(first + start, first + stop)
        values: list[float] = list(map(magnitude if readable.element_kind == "complex" else float, found))
        for place, part in _runs(start, stop, columns, across):
            row, column = divmod(start + place, columns)
            cell = row // down * wide + column // across
            fresh = row % down == 0 and column % across == 0
            cells[cell] = _largest(values[place : place + part], [] if fresh else [cells[cell]])
        ticker.read(stop - start)
    return cells


def _runs(start: int, stop: int, columns: int, across: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of the elements `start` to `stop` within a row of a block: offset from `start`, and length."""
    at = start
    while at < stop:
        column = at % columns
        part = min(across - column % across, columns - column, stop - at)
        yield at - start, part
        at += part


def _largest(values: list[float], before: list[float]) -> float:
    """Return the number of largest magnitude, a positive one before a negative of the same; NaN where there is one."""
    values = before + values
    if any(map(isnan, values)):
        return nan
    low, high = min(values), max(values)
    return high if high >= -low else low


def _in_torch(readable: Readable, first: int, size: tuple[int, int], block: HeatBlock, ticker: _Reading) -> list[float]:
    from ..work.one_thread import one_thread
    from .reductions import Blocks, as_real

    def part(start: int, stop: int) -> Tensor:
        ticker.read(stop - start)
        return as_real(readable.piece(first + start, first + stop))

    (rows, columns), (down, across) = size, block
    blocks = Blocks(rows, columns, down, across)
    whole = columns - columns % across

    def take_rows(top: int, bottom: int) -> None:
        found = part(top * columns, bottom * columns).view(-1, columns)
        if whole:
            blocks.take(found[:, :whole], top, 0)
        if whole < columns:
            blocks.take(found[:, whole:], top, whole)

    with one_thread():
        if (step := -(-rows * columns // SAMPLED_FROM)) > 1:
            for top, bottom, left, right in _sample(size, block, step):
                if right - left == columns <= PIECE:
                    take_rows(top, bottom)
                else:
                    blocks.take(part(top * columns + left, top * columns + right).view(1, -1), top, left)
            ticker.leave_out(rows * columns - ticker.done)
        elif columns > PIECE:
            for row in range(rows):
                for left, right in pieces(columns, across, PIECE):
                    blocks.take(part(row * columns + left, row * columns + right).view(1, -1), row, left)
        else:
            for top, bottom in pieces(rows, down, PIECE // columns):
                take_rows(top, bottom)
        values: list[float] = blocks.cells().reshape(-1).tolist()
    return values


def _sample(size: tuple[int, int], block: HeatBlock, step: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield first row, end, first column and end of the parts that are read of a matrix, about one of `step` elements.

    Of each block its first rows, whole, as many at a time as make a piece; of blocks of fewer rows the beginnings of
    single rows.
    """
    (rows, columns), (down, across) = size, block
    share = -(-step // down)
    if across // share < WORTH_A_READ:
        share = 1
    for top in range(0, rows, down):
        end = top + -(-(min(top + down, rows) - top) // step)
        if share == 1 and columns <= PIECE:
            at_once = max(PIECE // columns, 1)
            yield from ((first, min(first + at_once, end), 0, columns) for first in range(top, end, at_once))
            continue
        for row in range(top, end):
            if share == 1:
                yield from ((row, row + 1, left, right) for left, right in pieces(columns, across, PIECE))
                continue
            for left in range(0, columns, across):
                stop = left + max(min(across, columns - left) // share, 1)
                yield from ((row, row + 1, start, min(start + PIECE, stop)) for start in range(left, stop, PIECE))
