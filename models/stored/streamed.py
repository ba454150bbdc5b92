"""The elements of a stored tensor as a stream of torch blocks, each read from its file when it is asked for."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache, partial

import torch
from torch import Tensor

from ..tensors.statistics.stream import Block, PatternTable, Stream
from ..tensors.statistics.tensor_stream import values_of_patterns
from .dtypes import DType, unpack_numbers
from .stored import Stored
from .torch_pieces import is_native, torch_piece

PIECE = 2**19
"""Bytes that each thread reads at a time: they stay in the processor's cache."""
PIECE_OF_VIEW = 2**20
"""The same of views, of which neighbouring pieces may read the same bytes."""


def stream_of(stored: Stored) -> Stream:
    """Return the elements as a stream of blocks: of the stored dtype where torch has it, else of bit patterns or wider.

    Raises:
        Unreadable: here or when a block is read: the file changed, vanished or cannot be read.
    """
    plain = stored.dtype.plain
    table = _table(plain)
    packed = table is not None and not plain.torch
    surplus = stored.elements % plain.per_unit if packed else 0
    limit = PIECE if stored.strides is None else PIECE_OF_VIEW
    size = max(limit // plain.unit, 1) * plain.per_unit

    def blocks() -> Iterator[Block]:
        whole = stored.elements - surplus
        for start in range(0, whole, size):
            yield start, partial(_block, stored, table is not None, start, min(start + size, whole))

    rest: tuple[float, ...] = ()
    if surplus:
        last = stored.flat(stored.elements - surplus, stored.elements)
        rest = tuple(float(each.real) for each in unpack_numbers(plain, last, surplus))
    whole = plain.number in ("int", "bool")
    singles = plain.name == "float32"
    dtype = getattr(torch, plain.torch) if is_native(plain) else None
    return Stream(stored.elements, blocks, tuple(stored.shape), None, dtype, table, whole, singles, rest=rest)


def _block(stored: Stored, patterns: bool, start: int, stop: int) -> Tensor:
    plain = stored.dtype.plain
    if patterns and plain.unit == 1:
        return borrow(stored.flat(start, stop), torch.uint8)
    if is_native(plain):
        return borrow(stored.flat(start, stop), getattr(torch, plain.torch))
    return torch_piece(stored, start, stop)


def borrow(raw: bytes | memoryview, dtype: torch.dtype) -> Tensor:
    """Return the memory of `raw` as a one-dimensional tensor, without a copy; it must not be written to."""
    data = raw if isinstance(raw, bytes) else bytes(raw)
    # torch warns of memory that must not be written; through this array it does not know
    array = (ctypes.c_char * len(data)).from_address(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0)
    array.holds = data  # type: ignore[attr-defined]  # as long as the tensor lives
    return torch.frombuffer(array, dtype=dtype)


@cache
def _table(plain: DType) -> PatternTable | None:
    if plain.number == "complex":
        return None
    if plain.torch and plain.per_unit == 1:
        return values_of_patterns(getattr(torch, plain.torch))
    if plain.unit != 1 or plain.decode is None:
        return None
    values = torch.tensor(plain.decode(bytes(range(256))), dtype=torch.float64, device="cpu")
    return PatternTable(values.view(256, -1))
