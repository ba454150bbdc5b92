"""Reads elements of a stored tensor as Python numbers: a range, or the rows of a rectangle.  Must not import torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..tensors.matrix import Rectangle, first_element
from .dtypes import unpack_numbers

if TYPE_CHECKING:
    from .stored import Stored

GAP_LIMIT = 16 * 1024
"""Bytes between two rows up to which reading them too costs less than a second read."""
READ_LIMIT = 1024 * 1024
"""Bytes of rows that are read at once."""


def unit_bounds(stored: Stored, start: int, stop: int) -> tuple[int, int]:
    """Return the bounds, in elements, of the whole units of the dtype that hold the elements `start` to `stop`."""
    per_unit = stored.dtype.plain.per_unit
    return start - start % per_unit, min(-(-stop // per_unit) * per_unit, stored.elements)


def read_elements(stored: Stored, start: int, stop: int) -> list[Any]:
    """Return the elements `start` to `stop` in row-major order, booleans as 0 and 1; any bounds, whatever the dtype.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    first, last = unit_bounds(stored, start, stop)
    return unpack_numbers(stored.dtype, stored.flat(first, last), stop - start, start - first)


def read_rows(stored: Stored, part: Rectangle) -> Iterator[list[Any]]:
    """Yield the elements of each row of a rectangle; rows that lie close together are read at once.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    dtype, width, columns = stored.dtype, part.width, part.columns
    start = first_element(stored.shape, part.leading) + part.row * width + part.column
    gap = dtype.bytes_for(width - columns)
    # what lies between quantised rows would have to be unpacked as well, at many times the cost of reading it
    near = gap <= GAP_LIMIT if dtype.plain is dtype else not gap
    together = max(READ_LIMIT // max(dtype.plain.bytes_for(width), 1), 1) if near else 1
    for first in range(0, part.rows, together):
        count = min(together, part.rows - first)
        yield from _span(stored, start + first * width, count, width, columns)


def _span(stored: Stored, start: int, count: int, width: int, columns: int) -> Iterator[list[Any]]:
    """Yield the elements of `count` rows that begin at the element `start`, in one read."""
    dtype = stored.dtype.plain
    first, last = unit_bounds(stored, start, start + (count - 1) * width + columns)
    raw = memoryview(stored.flat(first, last))
    for row in range(count):
        unit, skip = divmod(start + row * width - first, dtype.per_unit)
        yield unpack_numbers(dtype, raw[unit * dtype.unit :], columns, skip)
