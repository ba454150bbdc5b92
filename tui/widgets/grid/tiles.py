"""A cache of rectangles of one matrix, so that scrolling back asks nothing.

Tiles lie on a fixed raster.  A stale tile is still shown until its replacement comes, so that a refresh does not
flicker.  Must not import textual.
"""

from __future__ import annotations

from collections import OrderedDict

from models.messages import Cells

ROWS = 32
COLUMNS = 64
KEPT = 96
"""Tiles; about 200,000 numbers."""

TileKey = tuple[int, int]
"""Tile row and tile column; elements `ROWS * key[0]` and `COLUMNS * key[1]` are its first."""


class Tiles:
    """The tiles of the matrix that is shown."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[TileKey, Cells] = OrderedDict()
        self._stale: set[TileKey] = set()

    def clear(self) -> None:
        """Forget all tiles."""
        self._tiles.clear()
        self._stale.clear()

    def spoil(self) -> None:
        """Have every tile asked for again, and show the old one until then: it may have changed."""
        self._stale.update(self._tiles)

    def put(self, key: TileKey, cells: Cells) -> None:
        """Keep a tile; the one that was used longest ago goes where there are too many."""
        self._tiles[key] = cells
        self._tiles.move_to_end(key)
        self._stale.discard(key)
        while len(self._tiles) > KEPT:
            oldest, _ = self._tiles.popitem(last=False)
            self._stale.discard(oldest)

    def value(self, row: int, column: int) -> tuple[int | float, float] | None:
        """Return real and imaginary part of an element; None while it is not known."""
        cells = self._tiles.get((row // ROWS, column // COLUMNS))
        if cells is None:
            return None
        down, right = row - cells.row, column - cells.column
        if not (0 <= down < cells.rows and 0 <= right < cells.columns):
            return None
        index = down * cells.columns + right
        return cells.values[index], cells.imaginary[index] if cells.imaginary else 0.0

    def missing(self, rows: range, columns: range) -> list[TileKey]:
        """Return the tiles of a rectangle of elements to be asked for, in reading order; the others count as used."""
        wanted: list[TileKey] = []
        for key in keys(rows, columns):
            if key in self._tiles:
                self._tiles.move_to_end(key)
            if key not in self._tiles or key in self._stale:
                wanted.append(key)
        return wanted


def keys(rows: range, columns: range) -> list[TileKey]:
    """Return the tiles that a rectangle of elements touches, in reading order."""
    return [
        (row, column)
        for row in range(rows.start // ROWS, -(-rows.stop // ROWS))
        for column in range(columns.start // COLUMNS, -(-columns.stop // COLUMNS))
    ]
