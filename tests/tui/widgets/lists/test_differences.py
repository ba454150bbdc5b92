"""How a difference reads in a row."""

from __future__ import annotations

from models.messages import RowDifference
from tui.widgets.lists.differences import apart, relative_bar, relative_text, status_text


def test_texts_of_differences() -> None:
    assert status_text(RowDifference()) == "·"
    assert status_text(RowDifference(tensors=8)) == "·"
    assert status_text(RowDifference(tensors=8, compared=3)) == "3 of 8 read"
    assert status_text(RowDifference(tensors=8, compared=3, differing=2)) == "2 differ, 3 of 8 read"
    assert status_text(RowDifference(status="changed", tensors=8, compared=8, differing=2)) == "2 of 8 differ"
    assert status_text(RowDifference(status="changed", tensors=8, compared=8, differing=2), tight=True) == "2 of 8"
    assert status_text(RowDifference(status="close", tensors=8, compared=8)) == "close"
    assert status_text(RowDifference(status="changed", text="1 → 2")) == "1 → 2"
    assert status_text(RowDifference(status="unreadable", text="why")) == "unreadable"
    assert relative_text(RowDifference(status="changed", max_abs=1.0)) == "from 0"
    assert relative_text(RowDifference(status="changed", nonfinite=1, relative_l2=0.1)) == "NaN, inf"
    assert relative_text(RowDifference(status="only_a")) == ""


def test_what_distinguishes_two_sources() -> None:
    assert apart("/a/b/one.pt", "/a/b/two.pt") == ("one.pt", "two.pt")
    assert apart("/a/1/model.safetensors", "/a/2/model.safetensors") == ("1/model.safetensors", "2/model.safetensors")
    assert apart("rgnet as it was opened", "rgnet now") == ("as it was opened", "now")
    assert apart("a/net.py:Net at snapshot my 1", "a/net.py:Net now") == ("snapshot my 1", "now")
    assert apart("rgnet", "other now") == ("rgnet", "other now")
    assert apart("a/x.pt", "a/x now") == ("x.pt", "x now")


def test_a_bar_of_the_part_of_the_largest_one() -> None:
    assert relative_bar(RowDifference(status="changed", relative_l2=0.25, share=0.5)) == "██       0.25"
    assert relative_bar(RowDifference(status="changed", relative_l2=1e-9, share=1e-9)) == "▏       1e-09"
    assert relative_bar(RowDifference(status="equal", relative_l2=0.0, share=0.0)) == "            0"
    assert relative_bar(RowDifference(status="only_b")) == ""
