"""A rectangle of a tensor's last two dimensions as Python numbers; only the rectangle is copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from ..messages import Cells, Of
from .absence import NO_GRADIENT, absence_of
from .distributed import local_part
from .matrix import rectangle
from .reading import strided, trouble
from .tensors import dtype_text, shape_of


def window(
    tensor: Tensor | None,
    *,
    path: str,
    of: Of = "value",
    leading: Sequence[int] = (),
    row: int = 0,
    rows: int = 20,
    column: int = 0,
    columns: int = 20,
    missing: str = NO_GRADIENT,
) -> Cells:
    """The numbers of `rows` x `columns` elements from (`row`, `column`) on, clamped to the tensor.

    A 0-d tensor is a 1x1 matrix, a 1-d tensor one row.  `leading` indexes all dimensions but the last two: what is
    missing is 0, what is too large is clamped.  `missing` says why `tensor` is None.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence == "uninitialised":
        return Cells(path=path, of=of, absence=absence, reason=reason)
    tensor = local_part(tensor)
    shape, dtype = list(shape_of(tensor) or ()), dtype_text(tensor)
    if absence:
        return Cells(path=path, of=of, absence=absence, reason=reason, shape=shape, dtype=dtype)
    part = rectangle(shape, leading, row, rows, column, columns)
    down, across = slice(part.row, part.row + part.rows), slice(part.column, part.column + part.columns)
    try:
        found = strided(tensor)[index_of(shape, part.leading, down, across)]
        values, imaginary = _numbers(found) if part.rows else ([], [])
    except Exception as error:  # a foreign subclass raises what it likes
        return Cells(path=path, of=of, absence="unsupported", reason=trouble(error), shape=shape, dtype=dtype)
    return Cells(
        path=path, of=of, shape=shape, dtype=dtype, leading=part.leading, row=part.row, column=part.column,
        rows=part.rows, columns=part.columns, height=part.height, width=part.width, number=_number(found.dtype),
        values=values, imaginary=imaginary,
    )  # fmt: skip


def _number(dtype: torch.dtype) -> Literal["float", "int", "bool", "complex"]:
    if dtype.is_complex:
        return "complex"
    if dtype == torch.bool:
        return "bool"
    return "float" if dtype.is_floating_point else "int"


def index_of(shape: Sequence[int], leading: Sequence[int], rows: slice, columns: slice) -> tuple[int | slice, ...]:
    """The index expression of a rectangle, for any number of dimensions; an empty dimension is sliced, not indexed."""
    first = [index if size else slice(0, 0) for index, size in zip(leading, shape, strict=False)]
    last = [rows, columns] if len(shape) > 1 else [columns][: len(shape)]
    return (*first, *last)


def _numbers(part: Tensor) -> tuple[list[int | float], list[float]]:
    """Row-major numbers, and their imaginary parts if they are complex; moves and copies no more than `part`."""
    flat = part.cpu().reshape(-1).tolist()
    if part.is_complex():
        return [number.real for number in flat], [number.imag for number in flat]
    if part.dtype == torch.bool:
        return [int(number) for number in flat], []  # the wall knows no True among numbers
    return flat, []
