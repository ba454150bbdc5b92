"""A matrix of any size reduced to a small picture: of each block the entry of largest magnitude, sign kept."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..messages import HeatCells, Of
from ..work.cancelled import Cancelled, ShouldCancel, never
from ..work.one_thread import one_thread
from .absence import NO_GRADIENT, absence_of
from .distributed import local_part
from .lattice import repeated, repeats_much, without
from .matrix import clamp_leading, matrix_size, per_cell, pieces
from .overlap import TooWide, extremes, span, strides_of
from .plainly import plain
from .reading import strided, trouble
from .tensors import shape_of
from .window import index_of

PIECE = 2**18
"""Elements reduced at a time."""


@one_thread()
def heat_map(
    tensor: Tensor | None,
    *,
    path: str,
    of: Of = "value",
    leading: Sequence[int] = (),
    height: int = 20,
    width: int = 60,
    missing: str = NO_GRADIENT,
    cancelled: ShouldCancel = never,
) -> HeatCells:
    """At most `height` x `width` cells, never more than elements; NaN where a block holds one, infinities kept.

    Complex numbers count by magnitude.  Memory is bounded by `PIECE` elements.  Raises `Cancelled`.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence == "uninitialised":
        return HeatCells(path=path, of=of, absence=absence, reason=reason)
    tensor = local_part(tensor)
    shape = list(shape_of(tensor) or ())
    if absence:
        return HeatCells(path=path, of=of, absence=absence, reason=reason, shape=shape)
    tensor = plain(tensor)
    chosen = clamp_leading(shape, leading)
    if not tensor.numel():
        return HeatCells(path=path, of=of, shape=shape, leading=chosen)
    full_height, full_width = matrix_size(shape)
    down = per_cell(full_height, height)
    across = per_cell(full_width, width)
    try:
        matrix = strided(tensor)[index_of(shape, chosen, slice(None), slice(None))].reshape(full_height, full_width)
        cells = _cells(matrix, down, across, cancelled)
        values: list[float] = cells.reshape(-1).tolist()
    except Cancelled:
        raise
    except TooWide as error:
        return HeatCells(path=path, of=of, absence="unsupported", reason=str(error), shape=shape)
    except Exception as error:  # a foreign subclass raises what it likes
        return HeatCells(path=path, of=of, absence="unsupported", reason=trouble(error), shape=shape)
    return HeatCells(
        path=path, of=of, shape=shape, leading=chosen, height=cells.shape[0], width=cells.shape[1],
        block=(down, across), values=values,
    )  # fmt: skip


def _cells(matrix: Tensor, down: int, across: int, cancelled: ShouldCancel) -> Tensor:
    """What `heat_map` shows of a matrix, of which no element is looked at much more often than it is stored."""
    rows, columns = -(-matrix.shape[0] // down), -(-matrix.shape[1] // across)
    shape, _ = without(matrix.shape, repeated(matrix.shape, strides_of(matrix)))
    once = matrix[: shape[0], : shape[1]]
    if repeats_much(shape, strides_of(once)):
        strides = matrix.stride(0), matrix.stride(1)
        return extremes(as_real(span(once)).cpu(), (shape[0], shape[1]), strides, (down, across)).expand(rows, columns)
    return _reduced(once, down, across, cancelled).expand(rows, columns)


class Blocks:
    """The extremes of each block of a matrix, which comes in parts of any order."""

    def __init__(self, height: int, width: int, down: int, across: int) -> None:
        self._down, self._across = down, across
        size = (-(-height // down), -(-width // across))
        self._low = torch.full(size, torch.inf, dtype=torch.float64, device="cpu")
        self._high = torch.full(size, -torch.inf, dtype=torch.float64, device="cpu")

    def take(self, part: Tensor, top: int, left: int) -> None:
        """Take in the rectangle at (`top`, `left`), as `as_real` gives it: whole blocks only, or within one block.

        The last block each way may be cut short by the matrix' own edge, if it is the only one in `part` that way.
        """
        rows, columns = -(-part.shape[0] // self._down), -(-part.shape[1] // self._across)
        blocks = part.reshape(rows, part.shape[0] // rows, columns, part.shape[1] // columns)
        first, second = top // self._down, left // self._across
        place = (slice(first, first + rows), slice(second, second + columns))
        self._low[place] = torch.minimum(self._low[place], blocks.amin((1, 3)).cpu())
        self._high[place] = torch.maximum(self._high[place], blocks.amax((1, 3)).cpu())

    def cells(self) -> Tensor:
        """Of each block the entry of largest magnitude; a positive one before a negative one of the same."""
        return torch.where(self._high >= -self._low, self._high, self._low)  # a NaN is in both


def _reduced(matrix: Tensor, down: int, across: int, cancelled: ShouldCancel) -> Tensor:
    """Walks the matrix in pieces that hold whole blocks, or lie within one, and merges their extremes."""
    height, width = matrix.shape
    if down == across == 1:
        return as_real(matrix)
    blocks = Blocks(height, width, down, across)
    for left, right in pieces(width, across, PIECE):
        for top, bottom in pieces(height, down, max(PIECE // (right - left), 1)):
            if cancelled():
                raise Cancelled
            blocks.take(as_real(matrix[top:bottom, left:right]), top, left)
    return blocks.cells()


def as_real(part: Tensor) -> Tensor:
    """As float64, or as float32 where that is exact and half the work; complex numbers by magnitude."""
    if part.is_complex():
        part = part.to(torch.complex128).abs()
    small = part.dtype.is_floating_point and part.dtype != torch.float64
    if part.device.type not in ("cpu", "cuda"):
        part = part.cpu()
    return part.to(torch.float32 if small else torch.float64)
