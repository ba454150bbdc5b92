"""The same elements of two tensors, a part at a time, in memory that a thread uses again.

Imports torch only where numbers are asked for: that bytes are equal is known without.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from ..tensors.readable import Readable, Unreadable

if TYPE_CHECKING:
    from torch import Tensor

PART = 2**17
"""Elements of up to four bytes that are read at a time, of wider ones fewer: half a megabyte of each side at most.

Smaller parts stay in a nearer cache, and yet took longer: each has costs of its own.
"""
ROOM = 2**19
"""Bytes of the memory for one side."""


class Pieces:
    """Two tensors of as many elements each.  Safe to read from several threads."""

    def __init__(self, a: Readable, b: Readable, same_dtype: bool) -> None:
        """Read `a` and `b`; with `same_dtype` parts of equal bytes are known from others."""
        self.elements = a.elements
        self._a, self._b = a, b
        self._same_dtype = same_dtype and a.dtype_read == b.dtype_read
        self.in_bytes = self._same_dtype and a.has_bytes and b.has_bytes and a.item_bytes <= 16
        """Whether both sides are compared as bytes, for which torch is not needed."""
        item = max(a.item_bytes, b.item_bytes)
        self._part = PART if item <= 4 else max(PART // 2 if item <= 8 else PART // 4, 1)

    def equal(self, start: int, stop: int) -> bool:
        """Return whether elements are the same bytes; False too where a side has none at hand.

        Raises:
            Unreadable: a side cannot be read.
        """
        return self.in_bytes and all(_are_same(*self._read(first, last)) for first, last in self._parts(start, stop))

    def both(self, start: int, stop: int) -> Iterator[tuple[int, Tensor, Tensor | None]]:
        """Yield parts of elements: where they begin, those of A, and those of B; None for B where all are equal.

        They are good until the next part is asked for, and must not be written to.

        Raises:
            Unreadable: a side cannot be read.
        """
        for first, last in self._parts(start, stop):
            if self.in_bytes:
                mine, theirs = self._read(first, last)
                x = _numbers(self._a, mine, last - first, 0)
                yield first, x, None if _are_same(mine, theirs) else _numbers(self._b, theirs, last - first, 1)
                continue
            x, y = piece(self._a, first, last), piece(self._b, first, last)
            yield first, x, None if self._same_dtype and _alike(x, y) else y

    def of_a(self, start: int, stop: int) -> Iterator[Tensor]:
        """Yield parts of the elements of A, as `both` does."""
        for first, last in self._parts(start, stop):
            if self.in_bytes:
                yield _numbers(self._a, _filled(self._a, first, last, 0), last - first, 0)
            else:
                yield piece(self._a, first, last)

    def _parts(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        for first in range(start, stop, self._part):
            yield first, min(first + self._part, stop)

    def _read(self, start: int, stop: int) -> tuple[_Filled, _Filled]:
        return _filled(self._a, start, stop, 0), _filled(self._b, start, stop, 1)


class _Rooms(threading.local):
    """Memory for both sides, and its addresses."""

    def __init__(self) -> None:
        self.views: list[memoryview] = []
        self.addresses: list[int] = []
        self.tensors: list[tuple[str, Tensor] | None] = [None, None]
        """Of each side the dtype, and a view of the memory as a tensor of it."""
        for _ in range(2):
            memory = bytearray(ROOM)
            self.views.append(memoryview(memory))
            self.addresses.append(ctypes.addressof(ctypes.c_char.from_buffer(memory)))


_ROOMS = _Rooms()


class BytesOfBoth:
    """The thread's memory for both sides, `ROOM` bytes each; lost when the thread reads anything else."""

    def __init__(self) -> None:
        self.rooms = _ROOMS.views
        """The memory for A and for B."""
        self._addresses = _ROOMS.addresses

    def equal(self, a: int, b: int, size: int) -> bool:
        """Return whether `size` bytes from `a` on are those of B from `b` on."""
        return _same(self._addresses[0] + a, self._addresses[1] + b, size)


class _Filled:
    """Bytes that were read."""

    __slots__ = ("address", "content")

    def __init__(self, content: memoryview, address: int) -> None:
        self.content, self.address = content, address


def _filled(readable: Readable, start: int, stop: int, side: int) -> _Filled:
    view = _ROOMS.views[side]
    return _Filled(view[: readable.bytes_into(start, stop, view)], _ROOMS.addresses[side])


def _numbers(readable: Readable, filled: _Filled, count: int, side: int) -> Tensor:
    """Return elements that were read, as a tensor; a view that was made before, where it is one."""
    known = _ROOMS.tensors[side]
    if known is not None and known[0] == readable.dtype_read and known[1].numel() == count:
        return known[1]
    found = readable.from_bytes(filled.content, count)
    _ROOMS.tensors[side] = (readable.dtype_read, found) if found.data_ptr() == filled.address else None
    return found


def _are_same(a: _Filled, b: _Filled) -> bool:
    return len(a.content) == len(b.content) and _same(a.address, b.address, len(a.content))


def _alike(x: Tensor, y: Tensor) -> bool:
    """Return whether two tensors are the same bytes in memory; False too where they do not lie there in a row."""
    if x.dtype != y.dtype or x.nbytes != y.nbytes or not (_lies_in_a_row(x) and _lies_in_a_row(y)):
        return False
    return not x.nbytes or _same(x.data_ptr(), y.data_ptr(), x.nbytes)


def _lies_in_a_row(tensor: Tensor) -> bool:
    """Return whether the elements of a tensor are those at its address: not of a class that keeps them elsewhere."""
    import torch

    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or tensor.layout is not torch.strided:
        return False
    if not tensor.is_cpu or tensor.is_conj() or tensor.is_neg() or not tensor.is_contiguous():
        return False
    end = tensor.storage_offset() * tensor.element_size() + tensor.nbytes
    return not tensor.nbytes or (tensor.data_ptr() != 0 and end <= tensor.untyped_storage().nbytes())


def _same(address: int, other: int, size: int) -> bool:
    compare = _memcmp()
    if compare is None:
        return ctypes.string_at(address, size) == ctypes.string_at(other, size)
    return not compare(address, other, size)


@cache
def _memcmp() -> Callable[[int, int, int], int] | None:
    """Return the C function, which other threads run beside; None where it is not found."""
    try:
        found = (ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)).memcmp
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    found.restype = ctypes.c_int
    return found


def piece(readable: Readable, start: int, stop: int) -> Tensor:
    """Return elements in one dimension on the CPU.

    Raises:
        Unreadable: they cannot be read; the text is a sentence on why.
    """
    try:
        return readable.piece(start, stop).cpu()
    except Unreadable:
        raise
    except Exception as error:
        if (reason := readable.error_text(error)) is None:
            raise
        raise Unreadable(reason) from error
