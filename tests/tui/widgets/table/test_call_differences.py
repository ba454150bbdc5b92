"""What the columns say of a call that is compared with that of another run."""

from __future__ import annotations

import math
from typing import Any

import pytest

from models.messages import CallDifference, CallRow, RunTotals
from tui.widgets.table.call_differences import DIFFERENCES, relative_text, result_text


def row(difference: CallDifference | None, **fields: Any) -> CallRow:
    return CallRow(
        module="a", op="add", kind="operation", depth=1, inputs=[], output="[2]", difference=difference, **fields
    )


def column(title: str, of: CallRow) -> tuple[str, str]:
    """What a column says of a row, and how it looks."""
    field = next(each for each in DIFFERENCES.outcome(RunTotals()) if each.column.title == title)
    return field.text(of), field.look_of(of)


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (CallDifference(), "  ·"),
        (CallDifference(text="no tensor"), ""),
        (CallDifference(status="equal"), "  equal"),
        (CallDifference(status="changed", differs=True), "  changed"),
        (CallDifference(status="changed", differs=True, first=True), "▶ changed"),
        (CallDifference(status="changed", differs=True, by_statistics=True, text="no copy"), "  statistics"),
        (CallDifference(status="alike", text="it takes 9 MB"), "  alike"),
        (CallDifference(status="dtype", text="float32 → bfloat16"), "  → bfloat16"),
        (CallDifference(status="shape", differs=True, first=True, text="[2] → [3]"), "▶ [2] → [3]"),
        (CallDifference(status="only_a", differs=True), "  only in A"),
        (CallDifference(status="unreadable", text="a mode of torch"), "  not compared"),
    ],
)
def test_the_result_of_a_call(difference: CallDifference, text: str) -> None:
    assert result_text(difference) == text


def test_the_relative_difference_and_its_bar() -> None:
    assert relative_text(CallDifference(relative=0.0677, share=1.0)) == "████   0.0677"
    assert relative_text(CallDifference(relative=0.0, share=0.0)) == "            0"
    assert relative_text(CallDifference(relative=0.5, sampled=True)).strip() == "~0.5"
    assert relative_text(CallDifference(relative=0.0, sampled=True)).strip() == "0"
    assert relative_text(CallDifference(nonfinite=3, relative=0.5)).strip() == "NaN, inf"
    assert relative_text(CallDifference(max_abs=0.5)).strip() == "from 0"
    assert relative_text(CallDifference(status="only_b", differs=True)) == ""


def test_what_is_not_compared_yet_has_its_own_face() -> None:
    assert column("A to B", row(None)) == ("  ·", "")
    assert column("relative", row(None))[0] == ""


def test_the_first_is_loud_what_differs_strong_and_what_is_equal_dim() -> None:
    assert column("A to B", row(CallDifference(status="changed", differs=True, first=True)))[1] == "problem"
    assert column("A to B", row(CallDifference(status="changed", differs=True)))[1] == "strong"
    assert column("A to B", row(CallDifference(status="close")))[1] == "dim"


def test_how_much_it_grew_and_the_note() -> None:
    assert column("grew", row(CallDifference(grew=8.793)))[0] == "×8.79"
    assert column("grew", row(CallDifference()))[0] == ""
    difference = CallDifference(status="changed", differs=True, sampled=True, text="of a sample")
    assert column("note", row(difference, note="NaN"))[0] == "of a sample; NaN"
    assert column("note", row(CallDifference(status="dtype", text="a → b")))[0] == ""


def test_what_no_number_says_is_sorted_above_all_that_is_measured() -> None:
    assert CallDifference(status="only_a", differs=True).how_much == math.inf
    assert CallDifference(status="changed", differs=True, relative=0.5, nonfinite=1).how_much == math.inf
    assert CallDifference(status="changed", differs=True, relative=0.5).how_much == 0.5
    assert CallDifference(status="equal", relative=0.0).how_much == 0.0
    assert CallDifference().how_much is None
    assert CallDifference(status="unreadable").how_much is None
