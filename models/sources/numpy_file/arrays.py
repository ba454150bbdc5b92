"""An array as a tensor that lies in a file, in whatever order its elements and their bytes stand."""

from __future__ import annotations

from itertools import accumulate
from operator import mul

from ...stored.dense import Dense
from ...stored.file import DataFile
from ...stored.stored import Stored
from ...stored.strided import Bytes, Strided
from .header import BrokenArray, Header, NoNumbers


def array_of(path: str, header: Header, source: Bytes, start: int, size: int) -> Stored:
    """Return the tensor `path` whose array, header first, takes the `size` bytes from `start` of `source` on.

    Raises:
        NoNumbers: its elements are none.
        BrokenArray: they do not fit into `size`.
    """
    dtype = header.dtype
    if dtype is None:
        if "Python objects" in header.content:
            raise NoNumbers(header.content, ", which are pickled: nothing is unpickled here")
        raise NoNumbers(header.content)
    if header.begin + header.nbytes > size:
        there = size - header.begin
        raise BrokenArray(f"it is cut short: its elements take {header.nbytes:,} bytes, and {there:,} are there")
    begin = start + header.begin
    if isinstance(source, DataFile) and not header.fortran_order and not header.swapped:
        return Dense(path, header.shape, dtype, source, begin)
    notes = [("order", "of columns (Fortran)")] if header.fortran_order else []
    if header.swapped:
        notes.append(("byte order", "big-endian"))
    stride = _column_strides(header.shape) if header.fortran_order else _row_strides(header.shape)
    return Strided(path, header.shape, dtype, source, begin, 0, stride, notes=notes, swap=header.swapped)


def _column_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(accumulate((1, *shape[:-1]), mul)) if shape else ()


def _row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return _column_strides(shape[::-1])[::-1]
