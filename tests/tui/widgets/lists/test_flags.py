from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from models.messages import ModuleRun, TreeRow
from tui.widgets.lists.flags import FLAGS, WIDTH, flags_of


@pytest.mark.parametrize("flag", FLAGS)
def test_glyphs_take_one_cell_in_every_terminal(flag: object) -> None:
    glyph = flag.glyph
    assert cell_len(glyph) == 1
    assert unicodedata.east_asian_width(glyph) in ("N", "Na")


def test_every_flag_has_a_glyph_and_a_meaning_of_its_own() -> None:
    assert len({flag.glyph for flag in FLAGS}) == len(FLAGS)
    assert all(flag.meaning for flag in FLAGS)


@pytest.mark.parametrize(
    ("facts", "flags"),
    [
        ({}, "    "),
        ({"changed": True}, "*   "),
        ({"shared_with": ["4"]}, " ⇄  "),
        ({"memory": "overlap"}, " ≣  "),
        ({"memory": "beside"}, " ◫  "),
        ({"memory": "overlap", "shared_with": ["4"]}, " ⇄  "),
        ({"frozen": True}, "  F "),
        ({"gradient": "none"}, "  ∅ "),
        ({"gradient": "zero"}, "  0 "),
        ({"gradient": "value"}, "    "),
        ({"state": "meta"}, "   ◌"),
        ({"registered": False}, "   !"),
        ({"run": ModuleRun(calls=1, output="", problem="failed")}, "   ✗"),
        ({"run": ModuleRun(calls=1, output="", problem="nonfinite")}, "    "),
    ],
)
def test_each_fact_has_its_place(facts: dict[str, object], flags: str) -> None:
    row = TreeRow(path="0", name="0", kind="parameter", depth=1, detail="[1]", **facts)
    assert flags_of(row) == flags
    assert len(flags) == WIDTH
