"""A rectangle of a stored tensor as Python numbers; only what it needs is read.  Free of torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..messages import Absence, Cells
from ..tensors.matrix import Rectangle, first_element, rectangle
from .dtypes import numbers
from .stored import Stored, Unreadable

NEAR = 16 * 1024
"""Bytes between two rows up to which reading them costs less than another read."""
MOST_AT_ONCE = 1024 * 1024
"""Bytes of several rows read together."""


def stored_window(
    stored: Stored,
    *,
    path: str,
    leading: Sequence[int] = (),
    row: int = 0,
    rows: int = 20,
    column: int = 0,
    columns: int = 20,
) -> Cells:
    """The numbers of `rows` x `columns` elements from (`row`, `column`) on, clamped to the tensor.

    A 0-d tensor is a 1x1 matrix, a 1-d tensor one row.  `leading` indexes all dimensions but the last two: what is
    missing is 0, what is too large is clamped.  A quantised tensor gives the float32 that its blocks stand for.
    """
    shape, dtype = list(stored.shape), stored.dtype.name
    if reason := no_numbers(stored):
        return Cells(path=path, of="value", absence="unsupported", reason=reason, shape=shape, dtype=dtype)
    part = rectangle(shape, leading, row, rows, column, columns)
    try:
        flat = [number for found in _rows(stored, part) for number in found]
    except Unreadable as error:
        return Cells(path=path, of="value", absence=absence_after(error), reason=str(error), shape=shape, dtype=dtype)
    number = stored.dtype.plain.number
    return Cells(
        path=path, of="value", shape=shape, dtype=dtype, leading=part.leading, row=part.row, column=part.column,
        rows=part.rows, columns=part.columns, height=part.height, width=part.width, number=number,
        values=[each.real for each in flat] if number == "complex" else flat,
        imaginary=[each.imag for each in flat] if number == "complex" else [],
    )  # fmt: skip


def no_numbers(stored: Stored) -> str:
    """Why there are no numbers, whatever the file's state; empty where there are."""
    if stored.dtype.plain.decode is None:
        return f"nobody here knows how numbers of dtype {stored.dtype.name} are written"
    return ""


def absence_after(error: Unreadable) -> Absence:
    """`gone` where the file changed or fails; `unsupported` where a package that reads it is missing."""
    return "unsupported" if isinstance(error.__cause__, ImportError) else "gone"


def read_numbers(stored: Stored, start: int, stop: int) -> list[Any]:
    """The elements `start` to `stop` in row-major order, booleans as 0 and 1; whatever the alignment of the type.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    dtype = stored.dtype.plain
    first = start - start % dtype.per_unit
    raw = stored.flat(first, min(-(-stop // dtype.per_unit) * dtype.per_unit, stored.elements))
    return numbers(dtype, raw, stop - start, start - first)


def _rows(stored: Stored, part: Rectangle) -> Iterator[list[Any]]:
    """The numbers of each row; several rows are read together where little lies between them."""
    if not part.rows:
        return
    dtype, width, columns = stored.dtype, part.width, part.columns
    start = first_element(stored.shape, part.leading) + part.row * width + part.column
    between = dtype.bytes_for(width - columns)
    # what lies between quantised rows would have to be unpacked as well, at many times the cost of reading it
    near = between <= NEAR if dtype.plain is dtype else not between
    together = max(MOST_AT_ONCE // max(dtype.plain.bytes_for(width), 1), 1) if near else 1
    for first in range(0, part.rows, together):
        count = min(together, part.rows - first)
        yield from _span(stored, start + first * width, count, width, columns)


def _span(stored: Stored, start: int, count: int, width: int, columns: int) -> Iterator[list[Any]]:
    """`count` rows that begin at the element `start`, in one read."""
    dtype = stored.dtype.plain
    stop = start + (count - 1) * width + columns
    first = start - start % dtype.per_unit
    raw = memoryview(stored.flat(first, min(-(-stop // dtype.per_unit) * dtype.per_unit, stored.elements)))
    for row in range(count):
        unit, skip = divmod(start + row * width - first, dtype.per_unit)
        yield numbers(dtype, raw[unit * dtype.unit :], columns, skip)
