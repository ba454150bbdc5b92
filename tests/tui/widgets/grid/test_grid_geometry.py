"""Display places against matrix elements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.grid.grid_geometry import GridGeometry

planes = st.builds(
    lambda shape, room: GridGeometry.of(shape, shape[-2] if len(shape) > 1 else 1, shape[-1], room),
    st.lists(st.integers(1, 500), min_size=1, max_size=3),
    st.integers(0, 40),
)


@given(planes, st.data())
def test_every_entry_has_one_place_and_every_place_its_entry(geometry: GridGeometry, data: st.DataObject) -> None:
    element = (data.draw(st.integers(0, geometry.height - 1)), data.draw(st.integers(0, geometry.width - 1)))
    row, column = geometry.place(element)
    assert geometry.element(row, column) == element
    assert 0 <= row < geometry.rows
    assert 0 <= column < geometry.columns


@given(planes, st.integers(-600, 600), st.integers(-600, 600), st.data())
def test_moving_stays_inside(geometry: GridGeometry, down: int, right: int, data: st.DataObject) -> None:
    element = (data.draw(st.integers(0, geometry.height - 1)), data.draw(st.integers(0, geometry.width - 1)))
    row, column = geometry.moved(element, down, right)
    assert 0 <= row < geometry.height
    assert 0 <= column < geometry.width


@given(planes, st.data())
def test_a_rectangle_holds_all_its_entries(geometry: GridGeometry, data: st.DataObject) -> None:
    top = data.draw(st.integers(0, geometry.rows - 1))
    rows = range(top, min(top + 5, geometry.rows))
    matrix_rows, matrix_columns = geometry.elements(rows, range(geometry.columns))
    for row in rows:
        for column in range(geometry.columns):
            element = geometry.element(row, column)
            assert element is None or (element[0] in matrix_rows and element[1] in matrix_columns)


def test_a_vector_is_folded_to_the_room_there_is() -> None:
    geometry = GridGeometry.of([256], 1, 256, 12)
    assert (geometry.rows, geometry.columns) == (26, 10)
    assert [geometry.row_label(row) for row in (0, 25)] == ["0", "250"]
    assert geometry.element(25, 5) == (0, 255)
    assert geometry.element(25, 6) is None
    assert geometry.moved((0, 9), 0, 1) == (0, 10)  # on to the next line
    assert geometry.moved((0, 3), -1, 0) == (0, 3)
    assert geometry.moved((0, 248), 1, 0) == (0, 255)


@pytest.mark.parametrize("shape", [[], [3, 5], [1, 300], [2, 3, 5]])
def test_a_matrix_is_not_folded(shape: list[int]) -> None:
    height, width = (shape[-2], shape[-1]) if len(shape) > 1 else (1, 1)
    geometry = GridGeometry.of(shape, height, width, 4)
    assert (geometry.rows, geometry.columns) == (height, width)
