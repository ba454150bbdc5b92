"""Of `failed_row`."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.tui.widgets.table.call_app import call
from tui.widgets.lists.columns import Column, lay_out
from tui.widgets.table.failed_row import ERROR_ROOM, failed_line

COLUMNS = (Column("call", 8, 40), Column("class", 6, 20, drop=1))
NEEDS = (25, 12)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_place_takes_as_many_cells_as_its_letters_do(width: int) -> None:
    failed = call("decoder.head", "Linear", failed="RuntimeError: mat1" * 5, output="", where="模型/网络.py:12")
    line = failed_line(failed, "", width, COLUMNS, lay_out(COLUMNS, width, NEEDS), NEEDS)
    assert line.place == "模型/网络.py:12"
    gaps = sum(map(bool, line.widths)) - 1
    assert width - sum(line.widths) - gaps - cell_len(f" {line.place} ") >= ERROR_ROOM - 2
