"""The matrix as which a tensor is shown: its last two dimensions at an index of the others.  Must not import torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CELL_LIMIT = 20_000
"""Elements of one window, at most; a message takes no more (`models/messages/limits.py`)."""
SIDE_LIMIT = 1_000
"""Rows and columns of cells of a heat map, at most; a message would take more (`models/messages/limits.py`)."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle of one matrix of a tensor, clamped to it; positions and sizes count elements."""

    leading: list[int]
    """The index of the matrix: one for each dimension but the last two."""
    row: int
    rows: int
    column: int
    columns: int
    height: int
    """Rows of the whole matrix."""
    width: int
    """Columns of the whole matrix."""


def rectangle(
    shape: Sequence[int], leading: Sequence[int], row: int, rows: int, column: int, columns: int
) -> Rectangle:
    """Return the rectangle clamped to the tensor and to `CELL_LIMIT` elements; 0 x 0 where nothing of it is there."""
    height, width = matrix_size(shape)
    row, column = min(max(row, 0), height), min(max(column, 0), width)
    columns = min(max(columns, 0), width - column, CELL_LIMIT)
    rows = min(max(rows, 0), height - row, CELL_LIMIT // max(columns, 1))
    if not all(shape) or not rows or not columns:
        rows = columns = 0
    return Rectangle(clamp_leading(shape, leading), row, rows, column, columns, height, width)


def matrix_size(shape: Sequence[int]) -> tuple[int, int]:
    """Return the height and width of the matrix: a 0-d tensor is 1x1, a 1-d tensor one row."""
    return (shape[-2] if len(shape) > 1 else 1, shape[-1] if shape else 1)


def clamp_leading(shape: Sequence[int], leading: Sequence[int]) -> list[int]:
    """Return a valid index for every dimension but the last two: missing ones are 0, others are clamped."""
    sizes = shape[:-2]
    padded = [*leading, *[0] * len(sizes)]
    return [max(min(index, size - 1), 0) for index, size in zip(padded, sizes, strict=False)]


def first_element(shape: Sequence[int], leading: Sequence[int]) -> int:
    """Return the position of the matrix' first element in row-major order."""
    place = 0
    for size, index in zip(shape, leading, strict=False):
        place = place * size + index
    height, width = matrix_size(shape)
    return place * height * width


def per_cell(size: int, cells: int) -> int:
    """Return how many of `size` elements one cell stands for along a side, so that there are at most `cells`."""
    return -(-size // min(max(cells, 1), SIDE_LIMIT))


def pieces(size: int, block: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of at most `limit` that cover `size`: each holds whole blocks only, or lies within one block."""
    whole = size - size % block
    if block <= limit:
        length = limit - limit % block
        yield from ((start, min(start + length, whole)) for start in range(0, whole, length))
        if whole < size:
            yield whole, size
        return
    for first in range(0, size, block):
        last = min(first + block, size)
        yield from ((start, min(start + limit, last)) for start in range(first, last, limit))
