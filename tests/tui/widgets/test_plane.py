"""Display places against matrix entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.plane import Plane

planes = st.builds(
    lambda shape, room: Plane.of(shape, shape[-2] if len(shape) > 1 else 1, shape[-1], room),
    st.lists(st.integers(1, 500), min_size=1, max_size=3),
    st.integers(0, 40),
)


@given(planes, st.data())
def test_every_entry_has_one_place_and_every_place_its_entry(plane: Plane, data: st.DataObject) -> None:
    entry = (data.draw(st.integers(0, plane.height - 1)), data.draw(st.integers(0, plane.width - 1)))
    row, column = plane.place(entry)
    assert plane.entry(row, column) == entry
    assert 0 <= row < plane.rows
    assert 0 <= column < plane.columns


@given(planes, st.integers(-600, 600), st.integers(-600, 600), st.data())
def test_moving_stays_inside(plane: Plane, down: int, right: int, data: st.DataObject) -> None:
    entry = (data.draw(st.integers(0, plane.height - 1)), data.draw(st.integers(0, plane.width - 1)))
    row, column = plane.moved(entry, down, right)
    assert 0 <= row < plane.height
    assert 0 <= column < plane.width


@given(planes, st.data())
def test_a_rectangle_holds_all_its_entries(plane: Plane, data: st.DataObject) -> None:
    top = data.draw(st.integers(0, plane.rows - 1))
    rows = range(top, min(top + 5, plane.rows))
    matrix_rows, matrix_columns = plane.entries(rows, range(plane.columns))
    for row in rows:
        for column in range(plane.columns):
            entry = plane.entry(row, column)
            assert entry is None or (entry[0] in matrix_rows and entry[1] in matrix_columns)


def test_a_vector_is_folded_to_the_room_there_is() -> None:
    plane = Plane.of([256], 1, 256, 12)
    assert (plane.rows, plane.columns) == (26, 10)
    assert [plane.row_label(row) for row in (0, 25)] == ["0", "250"]
    assert plane.entry(25, 5) == (0, 255)
    assert plane.entry(25, 6) is None
    assert plane.moved((0, 9), 0, 1) == (0, 10)  # on to the next line
    assert plane.moved((0, 3), -1, 0) == (0, 3)
    assert plane.moved((0, 248), 1, 0) == (0, 255)


@pytest.mark.parametrize("shape", [[], [3, 5], [1, 300], [2, 3, 5]])
def test_a_matrix_is_not_folded(shape: list[int]) -> None:
    height, width = (shape[-2], shape[-1]) if len(shape) > 1 else (1, 1)
    plane = Plane.of(shape, height, width, 4)
    assert (plane.rows, plane.columns) == (height, width)
