"""Elements of a stored tensor as `torch.Tensor`, a piece at a time."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from .stored import Stored

if TYPE_CHECKING:
    from .dtypes import DType


def torch_piece(stored: Stored, start: int, stop: int) -> Tensor:
    """Return the elements `start` to `stop` in row-major order, as a new one-dimensional CPU tensor.

    `start` is a multiple of `stored.dtype.plain.per_unit`, and `stop` too or the end.  The numbers are exact: the dtype
    is the stored one where torch has it with one element an item, else one that holds all of its values.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    plain = stored.dtype.plain
    if stop > start and is_native(plain) and plain.name != "bool":
        piece = torch.empty(stop - start, dtype=getattr(torch, plain.torch), device="cpu")
        room = (ctypes.c_char * piece.nbytes).from_address(piece.data_ptr())
        stored.flat_into(start, stop, memoryview(room).cast("B"))
        return piece
    return torch_numbers(plain, stored.flat(start, stop), stop - start)


def torch_view(plain: DType, raw: memoryview, count: int) -> Tensor:
    """Return `count` elements of `raw`, whole units of `plain`, as `torch_piece` does; a view where possible."""
    if count and is_native(plain) and plain.name != "bool":
        return torch.frombuffer(raw, dtype=getattr(torch, plain.torch), count=count)
    return torch_numbers(plain, raw, count)


def is_native(plain: DType) -> bool:
    """Return whether the bytes of the file are those of a torch tensor."""
    return bool(sys.byteorder == "little" and plain.torch and plain.per_unit == 1 and plain.name != "complex32")


def torch_numbers(dtype: DType, raw: bytes | memoryview, count: int) -> Tensor:
    """Return the first `count` elements of `raw`, whole units of `dtype`, as a one-dimensional CPU tensor; exact."""
    if not count:
        return torch.empty(0, dtype=getattr(torch, dtype.torch or "float32"), device="cpu")
    if dtype.name == "complex32":  # torch warns of its own type
        return torch.view_as_complex(_items(raw, torch.float16).to(torch.float32).view(-1, 2))
    if dtype.name == "bool":
        return _items(raw, torch.uint8) != 0  # any byte may stand in a file, but torch counts on 0 and 1
    if dtype.torch and dtype.per_unit == 1:
        return _items(raw, getattr(torch, dtype.torch))
    codes = _items(raw, torch.uint8)
    if dtype.unit == 1:
        return _by_byte(dtype)[codes.long()].reshape(-1)[:count]
    if dtype.unit == 3 and dtype.per_unit == 4:
        low, middle, high = codes.to(torch.int32).view(-1, 3).unbind(1)
        bits = low | middle << 8 | high << 16
        fields = torch.stack([bits >> shift & 63 for shift in (0, 6, 12, 18)], 1)
        return _by_six_bits(dtype)[fields.long()].reshape(-1)[:count]
    return torch.tensor(_decoded(dtype, raw)[:count], dtype=_exact(dtype), device="cpu")


def _items(raw: bytes | memoryview, dtype: torch.dtype) -> Tensor:
    items = torch.frombuffer(bytearray(raw), dtype=dtype)  # a copy: torch wants memory that may be written
    if sys.byteorder == "big" and dtype.itemsize > 1:
        size = dtype.itemsize // (2 if dtype.is_complex else 1)
        items = items.view(torch.uint8).view(-1, size).flip(1).contiguous().view(-1).view(dtype)
    return items


@cache
def _by_byte(dtype: DType) -> Tensor:
    """Return the elements that each byte holds, a row a byte."""
    return torch.tensor(_decoded(dtype, bytes(range(256))), dtype=_exact(dtype), device="cpu").view(256, -1)


@cache
def _by_six_bits(dtype: DType) -> Tensor:
    """Return the value of each 6-bit pattern."""
    packed = sum(code << 6 * code for code in range(64)).to_bytes(48, "little")
    return torch.tensor(_decoded(dtype, packed), dtype=_exact(dtype), device="cpu")


def _exact(dtype: DType) -> torch.dtype:
    if dtype.number == "int":
        return torch.int64
    return torch.complex128 if dtype.number == "complex" else torch.float64


def _decoded(dtype: DType, raw: bytes | memoryview) -> list[float]:
    assert dtype.decode is not None
    return cast("list[float]", dtype.decode(raw))
