"""Columns line up by cells, not by characters."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from models.commands.columns import cut_names, table, table_of_names, width_of


@pytest.mark.parametrize("text", ["", "weight", "层", "block 层 0", "e\u0301", "ﾊ", "Ａ", "▁█"])
def test_width_is_that_of_a_terminal(text: str) -> None:
    assert width_of(text) == cell_len(text)


def test_columns_line_up_under_wide_names() -> None:
    lines = list(table([("层层", "a", "1"), ("bias", "bcd", "22")], (20, 20, 20), right={2}))
    assert lines == ["层层  a     1", "bias  bcd  22"]


def test_a_long_cell_pushes_only_what_has_no_room() -> None:
    lines = list(table([("a" * 9, "b", "c"), ("a", "bbbbbbbb", "c"), ("a", "b", "c")], (4, 8, 3)))
    assert lines == ["aaaaaaaaa  b    c", "a     bbbbbbbb  c", "a     b         c"]


def test_lines_end_with_their_text() -> None:
    assert list(table([("a", ""), ("b", "c")], (5, 5))) == ["a", "b  c"]
    assert list(table([], (5, 5))) == []


def test_names_give_way_on_a_terminal_alone_and_everything_lines_up() -> None:
    long, wide = f"model.layers.0.{'deep.' * 12}weight", f"model.layers.10.{'层' * 30}.bias"
    rows = [("changed", name, figure, "[2]") for name, figure in ((long, "1"), (wide, "22"), ("short", "333"))]
    whole = list(table_of_names(rows, 1, None, right={2}))
    assert long in whole[0]
    assert wide in whole[1]
    assert len({width_of(line) for line in whole}) == 1
    for width in (60, 79):
        lines = list(table_of_names(rows, 1, width, right={2}))
        assert len({width_of(line) for line in lines}) == 1
        assert width - 1 <= width_of(lines[0]) <= width
        assert "…0.deep" in lines[0]  # what tells them apart stays
        assert "deep.weight" in lines[0]
        assert "…10.层" in lines[1]
        assert ".bias" in lines[1]
    assert width_of(next(table_of_names(rows, 1, 10, right={2}))) >= 40  # names stay readable


def test_a_cell_with_nothing_to_its_right_takes_the_room_there() -> None:
    rows = [("a", "1", "22"), ("a" * 50, "4444", "1"), ("b", "a remark", "")]
    assert list(table_of_names(rows, 0, 40)) == [
        "a                               1     22",
        f"{'a' * 14}…{'a' * 15}  4444  1",
        "b                               a remark",
    ]
    assert list(table_of_names([], 0, 40)) == []


def test_a_name_is_cut_in_its_middle() -> None:
    assert cut_names(["abcdefghij"], 10) == ["abcdefghij"]
    assert cut_names(["abcdefghij"], 7) == ["abc…hij"]
    assert cut_names(["层层层层"], 5) == ["层…层"]
    assert cut_names(["net.a.weight", "net.b.weight", "net.c"], 9) == ["…a.weight", "…b.weight", "net.c"]
