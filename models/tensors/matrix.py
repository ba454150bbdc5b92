"""The matrix that a tensor is shown as: its last two dimensions, the others indexed.  Must not import torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_CELLS = 20_000
"""Numbers in one window."""
LARGEST_SIDE = 1_000
"""Cells of a reduced picture, each way."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of one matrix, clamped to what is there."""

    leading: list[int]
    row: int
    rows: int
    column: int
    columns: int
    height: int
    """Of the whole matrix."""
    width: int


def rectangle(
    shape: Sequence[int], leading: Sequence[int], row: int, rows: int, column: int, columns: int
) -> Rectangle:
    """What is asked for, clamped to the tensor and to `MOST_CELLS`; without rows and columns where nothing is."""
    height, width = matrix_size(shape)
    row, column = min(max(row, 0), height), min(max(column, 0), width)
    columns = min(max(columns, 0), width - column, MOST_CELLS)
    rows = min(max(rows, 0), height - row, MOST_CELLS // max(columns, 1))
    if not all(shape) or not rows or not columns:
        rows = columns = 0
    return Rectangle(clamp_leading(shape, leading), row, rows, column, columns, height, width)


def matrix_size(shape: Sequence[int]) -> tuple[int, int]:
    """Height and width of the matrix: a 0-d tensor is 1x1, a 1-d tensor one row."""
    return (shape[-2] if len(shape) > 1 else 1, shape[-1] if shape else 1)


def clamp_leading(shape: Sequence[int], leading: Sequence[int]) -> list[int]:
    """One valid index for every dimension but the last two (0 where the dimension is empty)."""
    sizes = shape[:-2]
    padded = [*leading, *[0] * len(sizes)]
    return [max(min(index, size - 1), 0) for index, size in zip(padded, sizes, strict=False)]


def first_element(shape: Sequence[int], leading: Sequence[int]) -> int:
    """Where the chosen matrix begins among the tensor's elements in row-major order."""
    place = 0
    for size, index in zip(shape, leading, strict=False):
        place = place * size + index
    height, width = matrix_size(shape)
    return place * height * width


def per_cell(size: int, cells: int) -> int:
    """Elements along one side of a cell, so that there are at most `cells` of them."""
    return -(-size // min(max(cells, 1), LARGEST_SIDE))


def pieces(size: int, block: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges that cover `size`, of about `most` or fewer: each holds whole blocks only, or lies within one block."""
    whole = size - size % block
    if block <= most:
        step = most - most % block
        yield from ((start, min(start + step, whole)) for start in range(0, whole, step))
        if whole < size:
            yield whole, size
        return
    for first in range(0, size, block):
        last = min(first + block, size)
        yield from ((start, min(start + most, last)) for start in range(first, last, most))
