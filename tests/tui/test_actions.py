from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding

from tui.actions import ACTIONS, bindings, keys_of
from tui.widgets.lists.lines import Lines
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.gradient_bars import GradientBars
from tui.widgets.table.tensor_table import TensorTable
from tui.widgets.tree.module_tree import ModuleTree

PLACES = sorted({action.place for action in ACTIONS})


@pytest.mark.parametrize("place", PLACES)
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    keys = Counter(key for action in ACTIONS if action.place == place for key in action.keys.split(","))
    assert [key for key, uses in keys.items() if uses > 1] == []


@pytest.mark.parametrize("place", [place for place in PLACES if place != "app"])
def test_no_pane_takes_a_key_from_the_app(place: str) -> None:
    everywhere = {key for action in ACTIONS if action.place == "app" for key in action.keys.split(",")}
    here = {key for action in ACTIONS if action.place == place for key in action.keys.split(",")}
    assert here & everywhere == set()


@pytest.mark.parametrize(
    ("widget", "place"),
    [
        (Lines, "list"),
        (ModuleTree, "tree"),
        (ModuleTree, "list"),
        (TensorTable, "table"),
        (CallTable, "table"),
        (GradientBars, "bars"),
    ],
)
def test_a_widget_has_a_method_for_every_action_of_its_place(widget: type, place: str) -> None:
    names = [action.id.partition("(")[0] for action in ACTIONS if action.place == place]
    assert names
    assert [name for name in names if not callable(getattr(widget, f"action_{name}", None))] == []


def test_bindings_say_what_the_table_says() -> None:
    toggle = next(binding for binding in bindings("tree") if isinstance(binding, Binding))
    assert (toggle.key, toggle.action, toggle.description, toggle.show) == ("enter,space", "toggle", "fold", True)


def test_every_action_shows_its_keys() -> None:
    assert all(keys_of(action).strip() and action.title and action.group for action in ACTIONS)
