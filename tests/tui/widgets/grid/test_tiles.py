"""The cache of tiles."""

from __future__ import annotations

from models.messages import Cells
from tui.widgets.grid.tiles import COLUMNS, KEPT, ROWS, Tiles


def tile(row: int, column: int, value: float = 0.0) -> Cells:
    return Cells(path="w", of="value", row=row * ROWS, column=column * COLUMNS, rows=ROWS, columns=COLUMNS,
                 values=[value + index for index in range(ROWS * COLUMNS)])  # fmt: skip


def test_missing_names_the_tiles_that_a_rectangle_touches() -> None:
    tiles = Tiles()
    tiles.put((0, 0), tile(0, 0))
    assert tiles.missing(range(ROWS - 1, ROWS + 1), range(COLUMNS)) == [(1, 0)]
    assert tiles.missing(range(5), range(COLUMNS, COLUMNS + 1)) == [(0, 1)]
    assert tiles.missing(range(0), range(9)) == []


def test_values_lie_where_the_engine_read_them() -> None:
    tiles = Tiles()
    tiles.put((1, 2), tile(1, 2, value=0.5))
    assert tiles.value(ROWS + 3, 2 * COLUMNS + 4) == (0.5 + 3 * COLUMNS + 4, 0.0)
    assert tiles.value(0, 0) is None


def test_a_tile_at_the_edge_does_not_reach_beyond() -> None:
    tiles = Tiles()
    tiles.put((0, 0), Cells(path="w", of="value", rows=2, columns=3, values=[1, 2, 3, 4, 5, 6]))
    assert tiles.value(1, 2) == (6, 0.0)
    assert tiles.value(0, 3) is None
    assert tiles.value(2, 0) is None


def test_stale_tiles_are_shown_but_asked_for() -> None:
    tiles = Tiles()
    tiles.put((0, 0), tile(0, 0, value=1.0))
    tiles.spoil()
    assert tiles.value(0, 0) == (1.0, 0.0)
    assert tiles.missing(range(1), range(1)) == [(0, 0)]
    tiles.put((0, 0), tile(0, 0, value=2.0))
    assert tiles.missing(range(1), range(1)) == []


def test_the_tile_used_longest_ago_is_forgotten() -> None:
    tiles = Tiles()
    for column in range(KEPT):
        tiles.put((0, column), tile(0, column))
    tiles.missing(range(1), range(1))  # looks at the first
    tiles.put((1, 0), tile(1, 0))
    assert tiles.value(0, 0) is not None
    assert tiles.value(0, COLUMNS) is None
