"""The table of tabs, and that what is made elsewhere agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fake_app import AppEngine, opened
from fake_checkpoint import SUMMARY, checkpoint
from fake_engine import FakeEngine

from tui.actions import ACTIONS
from tui.tabs import AREAS, TABS, Tab, tab_of, tabs_in
from tui.widgets.parts.pane import Pane

README = Path(__file__).parent.parent.parent / "README.md"


def test_an_id_and_a_key_are_those_of_one_tab() -> None:
    assert len({tab.id for tab in TABS}) == len({tab.key for tab in TABS}) == len(TABS)
    assert sum((tabs_in(area) for area in AREAS), ()) == TABS


def test_there_is_no_tab_of_another_name() -> None:
    assert tab_of("calls").title == "Calls"
    with pytest.raises(KeyError):
        tab_of("Calls")


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.id)
def test_a_widget_is_made_and_a_tab_on_the_right_is_a_pane(tab: Tab) -> None:
    made = tab.make(FakeEngine().request)
    assert made.id == tab.id
    assert isinstance(made, Pane) == (tab.area == "right")


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.id)
def test_a_tab_has_its_action(tab: Tab) -> None:
    (action,) = [action for action in ACTIONS if action.keys == tab.key]
    assert (action.id, action.title) == (f"show_tab('{tab.id}')", tab.meaning or tab.title)


async def test_bars_have_the_keys_and_titles() -> None:
    async with opened() as played:
        for area in AREAS:
            bar = played.explorer.query_one(f"#{area}-bar")
            assert bar.tabs == [(tab.key, tab.title) for tab in tabs_in(area)]


async def test_what_is_absent_from_what_is_open_is_said_by_its_pane() -> None:
    engine = AppEngine()
    engine.sources["ckpt.pt"] = lambda: checkpoint(4)
    engine.summary_fields = dict(SUMMARY)
    async with opened("ckpt.pt", engine=engine) as played:
        remarks = {tab.id: pane.remark for tab, pane in played.explorer.panes()}
        assert {name for name, remark in remarks.items() if remark} == {"gradients"}
        await played.press(tab_of("gradients").key)
        await played.sees(remarks["gradients"].partition(":")[0])


def test_the_readme_names_them_all() -> None:
    row = next(line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `Tab` "))
    assert f"`{TABS[0].key}`–`{TABS[-1].key}`" in row
    assert row.rstrip(" |").endswith(", ".join(tab.title for tab in TABS))


def test_no_text_spells_a_digit_of_the_table() -> None:
    hint = re.compile(r"""["' ][1-9] (\([A-Z]|shows|tells|opens)""")
    for file in sorted((README.parent / "tui").rglob("*.py")):
        assert hint.findall(file.read_text(encoding="utf-8")) == [], file
