"""Folds: what is visible, and at which row."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.examples.catalogue import build
from models.inspect.outline import Node, Outline
from models.inspect.view import How, View

RGNET = Outline.of(build("rgnet"))


def shown(view: View) -> list[str]:
    return [node.path for node in view.slice(0, len(view))]


def test_folded_at_first() -> None:
    assert shown(View(RGNET)) == [""]


def test_open_toggle_and_close_keep_what_is_folded_below() -> None:
    view = View(RGNET)
    assert view.fold("", "open") == (0, "")
    assert shown(view) == ["", "0", "1"]
    assert view.fold("1", "toggle") == (2, "1")
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]
    view.fold("", "close")
    assert shown(view) == [""]
    view.fold("", "open")
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]


def test_all_and_none() -> None:
    view = View(RGNET)
    view.fold("", "all")
    assert view.visible == list(range(len(RGNET.nodes)))
    view.fold("0", "none")
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]
    view.fold("0", "open")
    assert "0.block 0" in shown(view)
    assert "0.block 0.0" not in shown(view)


def test_fit_takes_whole_levels_then_single_nodes() -> None:
    view = View(RGNET)
    view.fold("", "fit", 9)
    assert shown(view) == ["", "0", "0.block 0", "0.block 1", "0.block 2", "0.block 3", "1", "1.weight", "1.bias"]
    view.fold("", "fit", 20)
    assert len(view) == 17
    assert {"0.block 0.0", "0.block 1.0"} <= set(shown(view))
    assert "0.block 2.0" not in shown(view)
    view.fold("", "fit", 2)
    assert shown(view) == ["", "0", "1"]  # the root is unfolded however little fits: alone it tells nothing
    view.fold("", "fit", 1_000)
    assert len(view) == len(RGNET.nodes)


def test_fit_opens_small_ones_past_one_that_is_too_large() -> None:
    wide = nn.Sequential(nn.Sequential(*[nn.ReLU() for _ in range(50)]), nn.Linear(1, 1))
    view = View(Outline.of(wide))
    view.fold("", "fit", 10)
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]


def test_locate_unfolds_what_hides_a_row() -> None:
    view = View(RGNET)
    row, path = view.locate("0.block 1.0.bias")
    assert path == "0.block 1.0.bias"
    assert shown(view)[row] == path
    assert "0.block 0.0" not in shown(view)


def test_locate_answers_the_nearest_that_is_left() -> None:
    view = View(RGNET)
    assert view.locate("0.block 1.7.bias")[1] == "0.block 1"
    assert view.locate("gone") == (0, "")


def test_overrides_outlive_a_change_of_the_network() -> None:
    view = View(RGNET)
    view.locate("0.block 1.0.bias")
    kept = view.overrides()
    assert kept == {"": True, "0": True, "0.block 1": True, "0.block 1.0": True}
    again = View(Outline.of(build("rgnet")), {**kept, "gone": True, "1": False})
    assert shown(again) == shown(view)
    assert again.overrides() == kept


def test_slices_stay_within_the_rows() -> None:
    view = View(RGNET)
    view.fold("", "open")
    assert [node.path for node in view.slice(-3, 2)] == ["", "0"]
    assert view.slice(99, 10) == []


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(RGNET.nodes), st.sampled_from(["toggle", "open", "close", "all", "none", "fit"]))
    )
)
def test_splices_give_what_laying_out_anew_gives(steps: list[tuple[Node, How]]) -> None:
    view = View(RGNET)
    for node, how in steps:
        row, path = view.fold(node.path, how, 15)
        assert view.slice(row, 1)[0].path == path == node.path
        assert view.row_of(node) == row
        assert view.visible == View(RGNET, view.overrides()).visible


def test_many_rows_unfold() -> None:
    outline = Outline.of(nn.Sequential(*[nn.Sequential(*[nn.ReLU() for _ in range(9)]) for _ in range(2_000)]))
    view = View(outline)
    view.fold("", "all")
    assert len(view) == len(outline.nodes) == 20_001
