"""Columns line up by cells, not by characters."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from models.commands.columns import table, width_of


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
