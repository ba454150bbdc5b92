"""Reductions of pieces of a tensor in torch: real numbers, extremes of blocks, masks of what is not finite."""

from __future__ import annotations

import torch
from torch import Tensor


def as_real(part: Tensor) -> Tensor:
    """Return a piece on the CPU as float64, or as float32 where that is exact; complex numbers by magnitude."""
    if part.is_complex():
        part = part.cpu().to(torch.complex128).abs()
    small = part.dtype.is_floating_point and part.dtype != torch.float64
    return part.cpu().to(torch.float32 if small else torch.float64)


def nonfinite(part: Tensor) -> Tensor:
    """Return a bool for each element, True where it is NaN or infinite; of a complex number either part counts."""
    return ~torch.isfinite(part.cpu().to(torch.complex128) if part.is_complex() else as_real(part))


class Blocks:
    """The extremes of each block of a matrix, taken in from parts in any order."""

    def __init__(self, height: int, width: int, down: int, across: int) -> None:
        """Prepare for a matrix of `height` x `width` elements, `down` x `across` of them to a block."""
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
        self._low[place] = torch.minimum(self._low[place], blocks.amin((1, 3)))
        self._high[place] = torch.maximum(self._high[place], blocks.amax((1, 3)))

    def cells(self) -> Tensor:
        """Return the element of largest magnitude of each block, a positive one before a negative one of the same."""
        return torch.where(self._high >= -self._low, self._high, self._low)  # a NaN is in both
