from __future__ import annotations

import pytest

from models.messages import HeatCells
from tui.widgets.grid.heat_plan import HeatPlan, Room, wanted


def plan_of(height: int, width: int, room: Room, block: tuple[int, int] = (1, 1)) -> HeatPlan:
    cells = HeatCells(path="w", of="value", height=height, width=width, block=block, values=[0.0] * (height * width))
    return HeatPlan(cells, (height * block[0], width * block[1]), room)


@pytest.mark.parametrize("mixes", [True, False])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 70), (7, 3), (33, 69), (40, 1), (3, 34)])
def test_it_fits_and_uses_the_width(height: int, width: int, mixes: bool) -> None:
    room = Room(70, 20, mixes)
    rows, columns = wanted((height, width), False, room)
    plan = plan_of(min(height, rows), min(width, columns), room)
    assert 1 <= plan.lines <= 20
    assert plan.width == 70 or plan.width == plan.columns * 16 * (1 if mixes else 2)
    assert plan.tops == sorted(set(plan.tops))  # no cell is without a unit
    assert plan.lefts == sorted(set(plan.lefts))


def test_the_one_row_of_a_bias_is_folded() -> None:
    room = Room(60, 10, True)
    assert wanted((1, 5_000), True, room) == (1, 1_200)
    plan = plan_of(1, 1_000, room, (1, 5))
    assert (plan.folded, plan.rows, plan.columns) == (True, 17, 60)
    assert plan.elements((1, 2)) == (range(1), range(310, 315))
    assert plan.place((0, 312)) == (1, 2)
    assert (plan.row_label(1), plan.column_label(2)) == ("300", "+10")
    assert plan.index((16, 39)) == 999
    assert plan.index((16, 40)) is None
    assert plan.moved((0, 300), 0, -1) == (0, 295)  # from a line's beginning to the end of the one before
    assert plan.moved((0, 300), -1, 0) == (0, 0)
    assert plan.moved((0, 0), -1, 0) == (0, 0)


def test_the_cursor_goes_from_block_to_block_and_stops_at_the_edges() -> None:
    plan = plan_of(4, 6, Room(60, 10, True), (3, 5))
    assert plan.moved((0, 0), 1, 0) == (3, 0)
    assert plan.moved((4, 7), 0, 1) == (3, 10)
    assert plan.moved((11, 29), 5, 5) == (9, 25)
    assert plan.moved((0, 0), -1, -1) == (0, 0)
    assert plan.elements((3, 5)) == (range(9, 12), range(25, 30))


@pytest.mark.parametrize("mixes", [True, False])
def test_what_is_under_the_mouse(mixes: bool) -> None:
    plan = plan_of(4, 6, Room(60, 10, mixes))
    for row in range(plan.rows):
        for column in range(plan.columns):
            line = -(-plan.tops[row] // 2) if mixes else plan.tops[row]
            assert plan.at(line, plan.left_of(column)) == (row, column)
    assert plan.at(0, 60) is None
    assert plan.at(30, 0) is None
