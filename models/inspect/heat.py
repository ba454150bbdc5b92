"""A matrix of any size reduced to a small picture: of each block the entry of largest magnitude, sign kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..engine.messages import HeatCells, Of
from .absence import NO_GRADIENT, absence_of
from .cancelled import Asked, Cancelled, never
from .one_thread import one_thread
from .reading import strided, trouble
from .tensors import shape_of
from .window import clamp_leading, index_of, matrix_size

PIECE = 2**18
"""Elements reduced at a time."""
LARGEST_SIDE = 1_000


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
    cancelled: Asked = never,
) -> HeatCells:
    """At most `height` x `width` cells, never more than elements; NaN where a block holds one, infinities kept.

    Complex numbers count by magnitude.  Memory is bounded by `PIECE` elements.  Raises `Cancelled`.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence == "uninitialised":
        return HeatCells(path=path, of=of, absence=absence, reason=reason)
    shape = list(shape_of(tensor) or ())
    if absence:
        return HeatCells(path=path, of=of, absence=absence, reason=reason, shape=shape)
    chosen = clamp_leading(shape, leading)
    if not tensor.numel():
        return HeatCells(path=path, of=of, shape=shape, leading=chosen)
    full_height, full_width = matrix_size(shape)
    down = _per_cell(full_height, height)
    across = _per_cell(full_width, width)
    try:
        matrix = strided(tensor)[index_of(shape, chosen, slice(None), slice(None))].reshape(full_height, full_width)
        cells = _reduced(matrix, down, across, cancelled)
        values: list[float] = cells.reshape(-1).tolist()
    except RuntimeError as error:
        return HeatCells(path=path, of=of, absence="unsupported", reason=trouble(error), shape=shape)
    return HeatCells(
        path=path, of=of, shape=shape, leading=chosen, height=cells.shape[0], width=cells.shape[1],
        block=(down, across), values=values,
    )  # fmt: skip


def _per_cell(size: int, cells: int) -> int:
    return -(-size // min(max(cells, 1), LARGEST_SIDE))


def _reduced(matrix: Tensor, down: int, across: int, cancelled: Asked) -> Tensor:
    """Walks the matrix in pieces that hold whole blocks, or lie within one, and merges their extremes."""
    height, width = matrix.shape
    if down == across == 1:
        return _real(matrix)
    size = (-(-height // down), -(-width // across))
    low = torch.full(size, torch.inf, dtype=torch.float64, device="cpu")
    high = torch.full(size, -torch.inf, dtype=torch.float64, device="cpu")
    for left, right in _pieces(width, across, PIECE):
        for top, bottom in _pieces(height, down, max(PIECE // (right - left), 1)):
            if cancelled():
                raise Cancelled
            part = _real(matrix[top:bottom, left:right])
            rows, columns = -(-(bottom - top) // down), -(-(right - left) // across)
            blocks = part.reshape(rows, (bottom - top) // rows, columns, (right - left) // columns)
            place = (slice(top // down, top // down + rows), slice(left // across, left // across + columns))
            low[place] = torch.minimum(low[place], blocks.amin((1, 3)).cpu())
            high[place] = torch.maximum(high[place], blocks.amax((1, 3)).cpu())
    return torch.where(high >= -low, high, low)  # a NaN is in both


def _pieces(size: int, block: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges that cover `size`, of about `most` or fewer: each holds whole blocks only, or lies within one block."""
    whole = size - size % block
    if block <= most:
        step = most - most % block
        yield from ((start, min(start + step, whole)) for start in range(0, whole, step))
        if whole < size:
            yield whole, size
        return
    for first in range(0, size, block):
        last = min(first + block, size)
        yield from ((start, min(start + most, last)) for start in range(first, last, most))


def _real(part: Tensor) -> Tensor:
    """As float64, or as float32 where that is exact and half the work; complex numbers by magnitude."""
    if part.is_complex():
        part = part.to(torch.complex128).abs()
    small = part.dtype.is_floating_point and part.dtype != torch.float64
    if part.device.type not in ("cpu", "cuda"):
        part = part.cpu()
    return part.to(torch.float32 if small else torch.float64)
