from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from models.messages import TreeRow
from tui.widgets.marks import MARKS, WIDTH, marks_of


@pytest.mark.parametrize("mark", MARKS)
def test_glyphs_take_one_cell_in_every_terminal(mark: object) -> None:
    glyph = mark.glyph
    assert cell_len(glyph) == 1
    assert unicodedata.east_asian_width(glyph) in ("N", "Na")


def test_every_mark_has_a_glyph_and_a_meaning_of_its_own() -> None:
    assert len({mark.glyph for mark in MARKS}) == len(MARKS)
    assert all(mark.meaning for mark in MARKS)


@pytest.mark.parametrize(
    ("facts", "marks"),
    [
        ({}, "    "),
        ({"changed": True}, "*   "),
        ({"shared_with": ["4"]}, " ⇄  "),
        ({"frozen": True}, "  F "),
        ({"gradient": "none"}, "  ∅ "),
        ({"gradient": "zero"}, "  0 "),
        ({"gradient": "value"}, "    "),
        ({"state": "meta"}, "   ◌"),
        ({"registered": False}, "   !"),
    ],
)
def test_each_fact_has_its_place(facts: dict[str, object], marks: str) -> None:
    row = TreeRow(path="0", name="0", kind="parameter", depth=1, detail="[1]", **facts)
    assert marks_of(row) == marks
    assert len(marks) == WIDTH
