from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from models.messages import RunTotals
from tui.widgets.lists.columns import GAP, Column, header_of, lay_out, row_of
from tui.widgets.lists.marking import mark_letters, restyle
from tui.widgets.table import call_columns
from tui.widgets.tree import tree_drawing

COLUMNS = (Column("name", 10, 20), Column("number", 5, 5, drop=2, cut="left"), Column("note", 6, 30, drop=1))


def test_the_first_column_grows_first() -> None:
    assert lay_out(COLUMNS, 23) == (10, 5, 6)
    assert lay_out(COLUMNS, 28) == (15, 5, 6)
    assert lay_out(COLUMNS, 40) == (20, 5, 13)
    assert lay_out(COLUMNS, 200) == (20, 5, 30)


TREES = [columns for each in tree_drawing.SETS for columns in (each.columns, each.narrow)]
WHOLES = (RunTotals(), RunTotals(seconds=1.0, kept=1), RunTotals(kept=1, peak=1, dry=True))
CALLS = [tuple(field.column for field in view.outcome(whole)) for view in call_columns.VIEWS for whole in WHOLES]


def test_the_highest_drop_number_goes_first_and_0_stays() -> None:
    assert lay_out(COLUMNS, 22) == (15, 0, 6)
    assert lay_out(COLUMNS, 16) == (16, 0, 0)
    assert lay_out(COLUMNS, 3) == (10, 0, 0)


@given(
    st.sampled_from([COLUMNS, *TREES, *CALLS]),
    st.integers(0, 250),
    st.text(st.sampled_from("ab层\x1b\u202e0"), max_size=30),
)
def test_a_row_is_as_wide_as_its_header_and_fits(columns: tuple[Column, ...], width: int, text: str) -> None:
    widths = lay_out(columns, width)
    row = row_of(columns, widths, [text] * len(columns), [None] * len(columns))
    header = header_of(columns, widths)
    size = cell_len("".join(part.text for part in row))
    assert size == cell_len("".join(part.text for part in header))
    min_width = sum(column.min_width + GAP for column in columns if not column.drop) - GAP
    assert size <= max(width, min_width)


def test_marked_letters() -> None:
    from rich.style import Style

    plain, marked = Style(), Style(bold=True)
    parts = mark_letters("weight", [0, 1, 4], plain, marked)
    assert [(part.text, part.style is marked) for part in parts] == [
        ("we", True),
        ("ig", False),
        ("h", True),
        ("t", False),
    ]
    assert mark_letters("", [0], plain, marked) == []


def test_restyling_a_stretch_keeps_the_text() -> None:
    from rich.segment import Segment
    from rich.style import Style
    from textual.strip import Strip

    line = Strip([Segment("ab层c")])
    shown = restyle(line, 2, 4, Style(reverse=True))
    assert shown.text == "ab层c"
    assert [part.text for part in shown if part.style and part.style.reverse] == ["层"]
    assert restyle(line, 9, 12, Style(reverse=True)) is line


def test_a_column_gets_what_is_fair_before_one_that_stays_longer_gets_all_for_its_longest_text() -> None:
    name, line = Column("name", 10, 60, fair=20), Column("line", 8, 30, drop=1, fair=15)
    needs = (50, 20)
    assert lay_out((name, line), 29, needs) == (20, 8)
    assert lay_out((name, line), 33, needs) == (20, 12)
    assert lay_out((name, line), 36, needs) == (20, 15)
    assert lay_out((name, line), 46, needs) == (30, 15), "then what stays longest"
    assert lay_out((name, line), 90, needs) == (50, 20)
    assert lay_out((name, line), 12, needs) == (12, 0)
