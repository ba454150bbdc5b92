"""Where the elements of a tensor lie on the screen: display rows and columns against matrix rows and columns.

The engine speaks of the matrix of the last two dimensions; a 1-d tensor is to it one endless row.  On the screen such
a row is folded into lines of equal length, as a book folds a sentence.  Must not import textual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ACROSS = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100)
"""Lengths of a folded line: numbers in which people count."""


@dataclass(frozen=True)
class GridGeometry:
    """Where the elements of a matrix are on the screen, and which element is at a place there."""

    height: int
    """Matrix rows."""
    width: int
    """Matrix columns."""
    across: int = 0
    """Elements of one line of a folded row; 0 when the matrix is shown as it is."""

    @classmethod
    def of(cls, shape: Sequence[int], height: int, width: int, room: int) -> GridGeometry:
        """Return the geometry of a tensor of `shape`, its matrix `height` x `width`, with `room` columns in sight."""
        if len(shape) != 1:
            return cls(height, width)
        across = max([count for count in ACROSS if count <= room], default=1)
        return cls(height, width, min(across, max(width, 1)))

    @property
    def rows(self) -> int:
        """Return how many display rows there are."""
        return -(-self.width // self.across) if self.across else self.height

    @property
    def columns(self) -> int:
        """Return how many display columns there are."""
        return self.across or self.width

    def element(self, row: int, column: int) -> tuple[int, int] | None:
        """Return row and column in the matrix of the element at a display place; None beyond the last."""
        if self.across:
            row, column = 0, row * self.across + column if column < self.across else self.width
        return (row, column) if 0 <= row < self.height and 0 <= column < self.width else None

    def place(self, element: tuple[int, int]) -> tuple[int, int]:
        """Return the display row and column of an element of the matrix."""
        return divmod(element[1], self.across) if self.across else element

    def moved(self, element: tuple[int, int], down: int, right: int) -> tuple[int, int]:
        """Return the element so many display rows down and columns to the right, stopping at the edges.

        To the right of a folded line's end lies the next line.
        """
        if self.across:
            row, column = self.place(element)
            row = max(0, min(row + down, self.rows - 1))
            return 0, max(0, min(row * self.across + column + right, self.width - 1))
        row, column = element
        return max(0, min(row + down, self.height - 1)), max(0, min(column + right, self.width - 1))

    def row_label(self, row: int) -> str:
        """Return what stands left of a display row: its index, or the index of a folded line's first element."""
        return str(row * self.across) if self.across else str(row)

    def column_label(self, column: int) -> str:
        """Return what stands over a display column: its index, or how far it is from a folded line's first element."""
        return f"+{column}" if self.across else str(column)

    def elements(self, rows: range, columns: range) -> tuple[range, range]:
        """Return matrix rows and columns that hold all elements of a display rectangle."""
        if self.across:
            start, stop = rows.start * self.across, rows.stop * self.across
            return range(1), range(min(start, self.width), min(stop, self.width))
        return rows, columns
