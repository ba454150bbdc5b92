"""The elements of a tensor as bytes of the dtype that is written, a piece at a time.

Imports torch only where bytes cannot be copied: for live and unpacked tensors, and to convert.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..stored.dtypes import BOOL, DType
from ..stored.stored import Stored
from ..stored.strided import bytes_swapped
from ..tensors.readable import Readable
from .plan import SavedTensor

if TYPE_CHECKING:
    from torch import Tensor

PIECE = 2**24
"""Bytes that are read at a time, about; whole units of every dtype."""
_TRUTH = bytes([0] + [1] * 255)
"""A byte of a boolean may be anything in a file, but whoever reads a new one counts on 0 and 1."""


class PieceReader:
    """Reads tensors to be written, and counts the numbers that their new dtype is too small for."""

    def __init__(self) -> None:
        self.overflowed: dict[str, int] = {}
        """Finite numbers that became infinite, by the path of their tensor in the file; only where there are any."""

    def of(self, tensor: SavedTensor) -> Iterator[bytes | memoryview]:
        """Yield the elements in row-major order as little-endian bytes.

        Raises:
            Unreadable: a file changed, vanished or cannot be read.
        """
        source, dtype = tensor.readable.unpacked(), tensor.dtype
        step = PIECE // 16 * dtype.per_unit
        for start in range(0, source.elements, step):
            stop = min(start + step, source.elements)
            if isinstance(source, Stored) and source.dtype.plain is dtype:
                raw = source.flat(start, stop)
                yield bytes(raw).translate(_TRUTH) if dtype is BOOL else raw
            else:
                yield self._converted(source, start, stop, tensor)

    def _converted(self, source: Readable, start: int, stop: int, tensor: SavedTensor) -> bytes:
        import torch

        from ..work.one_thread import one_thread

        with torch.no_grad(), one_thread():
            piece = source.piece(start, stop).detach().cpu()
            if piece.is_floating_point() and piece.itemsize == 1 and piece.dtype != getattr(torch, tensor.dtype.torch):
                piece = piece.float()  # exact; torch cannot ask a float8 whether it is infinite
            found = piece.to(getattr(torch, tensor.dtype.torch))
            if found.dtype != piece.dtype and piece.is_floating_point() and tensor.dtype.name in _NARROW:
                infinite = found.isinf()
                if infinite.any() and (count := int((infinite & piece.isfinite()).sum())):
                    self.overflowed[tensor.path] = self.overflowed.get(tensor.path, 0) + count
            return _bytes_of(found, tensor.dtype)


_NARROW = ("float16", "bfloat16", "float32")
"""Dtypes that a finite number of another one may be too large for."""


def _bytes_of(tensor: Tensor, dtype: DType) -> bytes:
    """Return the elements of a CPU tensor in one dimension as little-endian bytes."""
    plain = tensor.resolve_conj().resolve_neg().contiguous()
    data = ctypes.string_at(plain.data_ptr(), plain.numel() * plain.element_size()) if plain.numel() else b""
    if sys.byteorder == "big":
        data = bytes_swapped(data, dtype.unit // 2 if dtype.number == "complex" else dtype.unit)
    return data
