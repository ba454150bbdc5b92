"""A stored tensor as a stream of blocks of torch's, each of some bytes of its file, read when it is its turn."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial

import torch
from torch import Tensor

from ..tensors.statistics.stream import Stream, Table
from ..tensors.statistics.tensor import table_of
from .dtypes import DType, numbers
from .stored import Stored
from .torch_pieces import torch_piece

PIECE = 2**20
"""Bytes that are read at a time by each thread: they stay in the processor's cache."""


def stream_of(stored: Stored) -> Stream:
    """Blocks of the stored type where torch has it, of bytes where several elements are in one, else of exact numbers.

    Getting a block raises `Unreadable`.
    """
    plain = stored.dtype.plain
    table = _table(plain)
    packed = table is not None and not plain.torch
    surplus = stored.elements % plain.per_unit if packed else 0
    step = max(PIECE // plain.unit, 1) * plain.per_unit

    def blocks() -> Iterator[Callable[[], Tensor]]:
        whole = stored.elements - surplus
        for start in range(0, whole, step):
            yield partial(_block, stored, table is not None, start, min(start + step, whole))

    rest: tuple[float, ...] = ()
    if surplus:
        last = stored.flat(stored.elements - surplus, stored.elements)
        rest = tuple(float(each.real) for each in numbers(plain, last, surplus))
    whole = plain.number in ("int", "bool")
    return Stream(stored.elements, blocks, table, whole, singles=plain.name == "float32", rest=rest)


def _block(stored: Stored, patterns: bool, start: int, stop: int) -> Tensor:
    plain = stored.dtype.plain
    if patterns and plain.unit == 1:
        return borrowed(stored.flat(start, stop), torch.uint8)
    if sys.byteorder == "little" and plain.torch and plain.per_unit == 1 and plain.name != "complex32":
        return borrowed(stored.flat(start, stop), getattr(torch, plain.torch))
    return torch_piece(stored, start, stop)


def borrowed(raw: bytes | memoryview, dtype: torch.dtype) -> Tensor:
    """The very bytes of `raw` as a tensor of one dimension, only to be read from."""
    data = raw if isinstance(raw, bytes) else bytes(raw)
    # torch warns of memory that must not be written; this array does not tell
    array = (ctypes.c_char * len(data)).from_address(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0)
    array.holds = data  # type: ignore[attr-defined]  # as long as the tensor lives
    return torch.frombuffer(array, dtype=dtype)


@cache
def _table(plain: DType) -> Table | None:
    if plain.number == "complex":
        return None
    if plain.torch and plain.per_unit == 1:
        return table_of(getattr(torch, plain.torch))
    if plain.unit != 1 or plain.decode is None:
        return None
    values = torch.tensor(plain.decode(bytes(range(256))), dtype=torch.float64)
    return Table(values.view(256, -1))
