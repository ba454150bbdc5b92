"""Where each cell of a heat map lies on the screen.

A cell takes one unit or more: half a line high and a character wide where colours can be mixed, a line and two
characters elsewhere.  Cells of a small matrix take several, so that the room is used; those of a 1-d tensor
are folded into lines, as a book folds a sentence.  Must not import textual.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.messages import HeatCells

LARGEST = 16
"""Units that a cell is wide at most; it is half as many high."""

HeatPlace = tuple[int, int]
"""A row and a column, of cells or of elements."""


@dataclass(frozen=True)
class Room:
    """What a picture may take of the screen."""

    width: int
    """Characters."""
    height: int
    """Lines."""
    mixes: bool
    """Whether colours can be mixed: then a line holds two rows."""

    @property
    def down(self) -> int:
        """Return the units one above the other."""
        return max(self.height * 2 if self.mixes else self.height, 1)

    @property
    def across(self) -> int:
        """Return the units side by side."""
        return max(self.width if self.mixes else self.width // 2, 1)


class HeatPlan:
    """Rows and columns of cells as they are drawn, and the elements that each stands for.

    Args:
        cells: what the engine sent, one cell at least.
        size: rows and columns of the matrix, in elements.
        room: what the picture may take.
    """

    def __init__(self, cells: HeatCells, size: HeatPlace, room: Room) -> None:
        self.cells, self.size, self.room = cells, size, room
        self._block = max(cells.block[0], 1), max(cells.block[1], 1)
        self.folded = cells.height == 1 and cells.width > room.across
        """Whether the one row of cells is drawn in several lines."""
        self.columns = min(cells.width, room.across)
        self.rows = -(-cells.width // self.columns) if self.folded else cells.height
        self.rows = min(self.rows, room.down)
        unit_rows = min(room.down, self.rows * max(LARGEST // 2, 1))
        unit_columns = min(room.across, self.columns * LARGEST)
        self.tops = [row * unit_rows // self.rows for row in range(self.rows + 1)]
        """The first unit of each row, and one past the last."""
        self.lefts = [column * unit_columns // self.columns for column in range(self.columns + 1)]
        """The first unit of each column, and one past the last."""

    def index(self, place: HeatPlace) -> int | None:
        """Return which of the engine's cells is drawn at a row and column; None beyond the last."""
        row, column = place
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            return None
        index = row * (self.columns if self.folded else self.cells.width) + column
        return index if index < len(self.cells.values) else None

    def place(self, element: HeatPlace) -> HeatPlace:
        """Return the row and column at which an element of the matrix is drawn."""
        down, across = self._block
        row, column = element[0] // down, element[1] // across
        row, column = divmod(column, self.columns) if self.folded else (row, column)
        return min(row, self.rows - 1), min(column, self.columns - 1)

    def elements(self, place: HeatPlace) -> tuple[range, range]:
        """Return the rows and the columns of elements that the cell at a place stands for."""
        down, across = self._block
        row, column = (0, place[0] * self.columns + place[1]) if self.folded else place
        return (
            range(row * down, min((row + 1) * down, self.size[0])),
            range(column * across, min((column + 1) * across, self.size[1])),
        )

    def moved(self, element: HeatPlace, down: int, right: int) -> HeatPlace:
        """Return the first element of the cell so many cells further, stopping at the edges."""
        row, column = self.place(element)
        if self.folded:
            index = max(0, min((row + down) * self.columns + column + right, len(self.cells.values) - 1))
            if down and not 0 <= row + down < self.rows:
                index = row * self.columns + column
            row, column = divmod(index, self.columns)
        else:
            row = max(0, min(row + down, self.rows - 1))
            column = max(0, min(column + right, self.columns - 1))
        rows, columns = self.elements((row, column))
        return rows.start, columns.start

    def at(self, line: int, character: int) -> HeatPlace | None:
        """Return the row and column drawn at a line and character of the picture; None where there is none."""
        row = _holds(self.tops, line * 2 if self.room.mixes else line)
        column = _holds(self.lefts, character if self.room.mixes else character // 2)
        return None if row is None or column is None else (row, column)

    @property
    def lines(self) -> int:
        """Return the lines that the picture takes."""
        return -(-self.tops[-1] // 2) if self.room.mixes else self.tops[-1]

    @property
    def width(self) -> int:
        """Return the characters that the picture takes."""
        return self.lefts[-1] if self.room.mixes else self.lefts[-1] * 2

    def first_row(self, line: int) -> int | None:
        """Return the row that begins in a line of the picture, the first of them; None where none does."""
        units = range(line * 2, line * 2 + 2) if self.room.mixes else range(line, line + 1)
        return next((row for row, top in enumerate(self.tops[:-1]) if top in units), None)

    def left_of(self, column: int) -> int:
        """Return the character at which a column begins."""
        return self.lefts[column] if self.room.mixes else self.lefts[column] * 2

    def row_label(self, row: int) -> str:
        """Return what stands left of a row: the index of its first element's row, or of the element where folded."""
        rows, columns = self.elements((row, 0))
        return str(columns.start if self.folded else rows.start)

    def column_label(self, column: int) -> str:
        """Return what stands over a column: its first element's column, or how far it is from the row's first."""
        start = self.elements((0, column))[1].start
        return f"+{start}" if self.folded else str(start)


def wanted(size: HeatPlace, one_dimension: bool, room: Room) -> HeatPlace:
    """Return how many rows and columns of cells to ask for: as many as there is room for."""
    return (1, room.down * room.across) if one_dimension and size[1] > room.across else (room.down, room.across)


def _holds(starts: list[int], unit: int) -> int | None:
    return next((index for index, start in enumerate(starts[:-1]) if start <= unit < starts[index + 1]), None)
