"""Folds: what is visible, and at which row."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree, Node
from models.tree.fold_state import FoldAction, FoldState, VisibleRow
from tests.cases import examples

RGNET = LiveTree.of(build_example("rgnet"))


def paths(rows: list[VisibleRow], view: FoldState) -> list[str]:
    tree = view.tree
    return [tree.path(row.node) if row.group is None else tree.group_path(row.group) for row in rows]


def shown(view: FoldState) -> list[str]:
    return paths(view.slice(0, len(view)), view)


def test_folded_at_first() -> None:
    assert shown(FoldState(RGNET)) == [""]


def test_open_toggle_and_close_keep_what_is_folded_below() -> None:
    view = FoldState(RGNET)
    assert view.fold("", "open") == (0, "")
    assert shown(view) == ["", "0", "1"]
    assert view.fold("1", "toggle") == (2, "1")
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]
    view.fold("", "close")
    assert shown(view) == [""]
    view.fold("", "open")
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]


def test_all_and_none() -> None:
    view = FoldState(RGNET)
    view.fold("", "all")
    assert view.visible == list(range(1, 2 * len(RGNET.nodes), 2))
    view.fold("0", "none")
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]
    view.fold("0", "open")
    assert "0.block 0" in shown(view)
    assert "0.block 0.0" not in shown(view)


def test_fit_takes_whole_levels_then_single_nodes() -> None:
    view = FoldState(RGNET)
    view.fold("", "fit", 9)
    assert shown(view) == ["", "0", "0.block 0", "0.block 1", "0.block 2", "0.block 3", "1", "1.weight", "1.bias"]
    view.fold("", "fit", 20)
    assert len(view) == 17
    assert {"0.block 0.0", "0.block 1.0"} <= set(shown(view))
    assert "0.block 2.0" not in shown(view)
    view.fold("", "fit", 2)
    assert shown(view) == ["", "0", "1"]  # the root is unfolded however little fits: alone it shows nothing
    view.fold("", "fit", 1_000)
    assert len(view) == len(RGNET.nodes)


def test_fit_opens_small_ones_past_one_that_is_too_large() -> None:
    wide = nn.Sequential(nn.Sequential(*[nn.ReLU(), nn.Tanh()] * 25), nn.Linear(1, 1))
    view = FoldState(LiveTree.of(wide))
    view.fold("", "fit", 10)
    assert shown(view) == ["", "0", "1", "1.weight", "1.bias"]


def test_locate_unfolds_what_hides_a_row() -> None:
    view = FoldState(RGNET)
    row, path = view.locate("0.block 1.0.bias")
    assert path == "0.block 1.0.bias"
    assert shown(view)[row] == path
    assert "0.block 0.0" not in shown(view)


def test_locate_answers_the_nearest_that_is_left() -> None:
    view = FoldState(RGNET)
    assert view.locate("0.block 1.7.bias")[1] == "0.block 1"
    assert view.locate("gone") == (0, "")


def test_overrides_outlive_a_change_of_the_network() -> None:
    view = FoldState(RGNET)
    view.locate("0.block 1.0.bias")
    kept = view.overrides()
    assert kept == {"": True, "0": True, "0.block 1": True, "0.block 1.0": True}
    again = FoldState(LiveTree.of(build_example("rgnet")), {**kept, "gone": True, "1": False})
    assert shown(again) == shown(view)
    assert again.overrides() == kept


def test_slices_stay_within_the_rows() -> None:
    view = FoldState(RGNET)
    view.fold("", "open")
    assert paths(view.slice(-3, 2), view) == ["", "0"]
    assert view.slice(99, 10) == []


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(RGNET.nodes), st.sampled_from(["toggle", "open", "close", "all", "none", "fit"]))
    )
)
def test_splices_give_what_computing_anew_gives(actions: list[tuple[Node, FoldAction]]) -> None:
    view = FoldState(RGNET)
    for node, action in actions:
        row, path = view.fold(node.path, action, 15)
        assert paths(view.slice(row, 1), view)[0] == path == node.path
        assert view.row_of(node.index) == row
        assert view.visible == FoldState(RGNET, view.overrides()).visible


def test_many_rows_unfold() -> None:
    tree = LiveTree.of(nn.Sequential(*[nn.Sequential(*[nn.ReLU() for _ in range(9)]) for _ in range(400)]))
    view = FoldState(tree)
    view.fold("", "all")
    assert len(view) == len(tree.nodes) + 1 + 400  # the 400 are alike, and the nine of each


def layers(count: int, *others: nn.Module) -> nn.Sequential:
    return nn.Sequential(*[nn.Sequential(nn.Linear(3, 3), nn.ReLU()) for _ in range(count)], *others)


def test_repeated_siblings_are_one_row() -> None:
    view = FoldState(LiveTree.of(layers(12, nn.Linear(3, 1))))
    view.fold("", "fit", 10)
    assert shown(view) == ["", "[0–11]", "12", "12.weight", "12.bias"]
    (row,) = view.slice(1, 1)
    assert row.group is not None
    assert (row.group.count, row.depth, row.is_open) == (12, 1, False)
    assert view.fold("[0–11]", "open") == (1, "[0–11]")
    assert shown(view)[1:4] == ["[0–11]", "0", "1"]
    assert [row.depth for row in view.slice(0, 3)] == [0, 1, 2]
    view.fold("3", "all")
    assert shown(view)[4:10] == ["2", "3", "3.0", "3.0.weight", "3.0.bias", "3.1"]
    assert [row.depth for row in view.slice(5, 3)] == [2, 3, 4]
    view.fold("[0–11]", "close")
    assert shown(view) == ["", "[0–11]", "12", "12.weight", "12.bias"]


def test_a_row_within_a_group_is_found() -> None:
    view = FoldState(LiveTree.of(layers(12)))
    row, path = view.locate("7.0.bias")
    assert path == "7.0.bias" == shown(view)[row]
    assert FoldState(view.tree, view.overrides()).visible == view.visible
    assert view.locate("[0–11].gone")[1] == "[0–11]"


def test_what_differs_is_not_grouped() -> None:
    assert not LiveTree.of(layers(3)).groups  # too few to be worth a row
    mixed = layers(8)
    mixed[2][0] = nn.Linear(3, 4)
    mixed[4][0].weight.requires_grad_(False)
    assert [group.name for group in LiveTree.of(mixed).groups.values()] == []
    assert [group.name for group in LiveTree.of(layers(9, nn.ReLU())).groups.values()] == ["[0–8]"]


def test_names_that_do_not_count_up_are_not_grouped() -> None:
    assert not RGNET.groups  # `block 0` to `block 3`
    odd = nn.ModuleDict({name: nn.ReLU() for name in ("00", "01", "02", "03", "4", "6", "8", "10", "x")})
    assert not LiveTree.of(odd).groups


NESTED = LiveTree.of(nn.Sequential(layers(5), nn.Sequential(*[layers(4) for _ in range(6)]), nn.Linear(1, 1)))


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*(node.path for node in NESTED.nodes), "0.[0–4]", "1.[0–5]", "1.2.[0–3]"]),
            st.sampled_from(["toggle", "open", "close", "all", "none", "fit"]),
        )
    )
)
def test_groups_splice_as_they_are_computed_anew(actions: list[tuple[str, FoldAction]]) -> None:
    view = FoldState(NESTED)
    for path, action in actions:
        row, found = view.fold(path, action, 20)
        assert paths(view.slice(row, 1), view)[0] == path == found
        assert view.visible == FoldState(NESTED, view.overrides()).visible
        assert view.visible == sorted(set(view.visible))
