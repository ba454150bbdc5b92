from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import opened
from textual.app import App
from textual.widgets import Static

from tui.actions import ACTIONS, keys_of
from tui.screens.help import OF_WIDGETS, HelpScreen, arranged, groups
from tui.screens.source_list import SourceList
from tui.widgets.console.output import Output
from tui.widgets.console.prompt import Prompt
from tui.widgets.grid.value_grid import ValueGrid
from tui.widgets.parts.info import Info
from tui.widgets.parts.source_view import SourceView
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.fit_lists import MisfitList, RuleList
from tui.widgets.table.gradient_bars import GradientBars
from tui.widgets.table.share_list import ShareList
from tui.widgets.table.table_bar import FilterInput
from tui.widgets.table.tensor_table import TensorTable
from tui.widgets.tree.module_tree import ModuleTree
from tui.widgets.tree.search_box import SearchInput


@pytest.mark.parametrize(("size", "columns"), slow_but(1, [((50, 24), 1), ((80, 24), 2), ((120, 40), 3)], several=True))
async def test_every_action_is_shown_in_columns_that_fit(size: tuple[int, int], columns: int) -> None:
    app: App[None] = App()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(HelpScreen([("⇄ of two names", "shared [/]")]))
        await pilot.pause()
        shown = [column for column in app.screen.query(".column").results(Static) if column.display]
        assert len(shown) == columns
        texts = [str(column.render()) for column in shown]
        words = " ".join(" ".join(texts).split())
        for action in ACTIONS:
            assert keys_of(action) in words
            assert all(word in words for word in action.title.split())
        assert "⇄ of two names shared [/]" in words
        for column, text in zip(shown, texts, strict=True):
            assert max(map(len, text.splitlines())) <= column.content_size.width


@pytest.mark.parametrize("key", slow_but(1, ["escape", "q", "question_mark"]))
async def test_it_closes(key: str) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(HelpScreen())
        await pilot.press(key)
        assert not isinstance(app.screen, HelpScreen)


def test_columns_are_about_equally_high_and_tear_no_group() -> None:
    columns = [str(column) for column in arranged(groups(), 3, 34)]
    heights = [len(column.splitlines()) for column in columns]
    assert max(heights) <= sum(heights) / 3 + 20
    for title, pairs in groups():
        (column,) = [column for column in columns if f"\n{title}\n" in f"\n{column}"]
        assert all(key in column for key, _ in pairs)


WIDGETS = {
    "": ModuleTree, "1": TensorTable, "2": GradientBars, "3": Info, "4": SourceView, "5": Prompt, "6": CallTable
}  # fmt: skip


@pytest.mark.parametrize("key", slow_but(2, WIDGETS))
async def test_what_holds_in_the_pane_with_the_focus_comes_first(key: str) -> None:
    async with opened(size=(80, 24)) as played:
        if key:
            await played.press(key)
            await played.rest()
        assert isinstance(played.app.focused, WIDGETS[key])
        played.app.action_help()  # the key is a letter at the prompt
        await played.until(lambda: isinstance(played.app.screen, HelpScreen), "help")
        await played.rest()
        assert isinstance(played.app.screen, HelpScreen)
        title, pairs = played.app.screen._groups[0]
        assert title.endswith(" · here")
        await played.sees(title, *(part.split()[0] for part, _ in pairs[:4]))
        if key == "":
            await played.sees("shared: ", "no gradient: ", "not registered: ")  # the legend is there without scrolling


@pytest.mark.slow
async def test_in_the_list_of_sources_its_keys_come_first() -> None:
    async with opened(size=(80, 24)) as played:
        await played.press("o")
        await played.until(lambda: isinstance(played.app.focused, SourceList), "the list")
        await played.press("question_mark")
        await played.sees("Sources · here", "Open the one chosen", "Write your own")


def test_what_a_pane_does_not_do_is_not_offered_as_if_it_did() -> None:
    tables = next(pairs for title, pairs in groups() if title == "Tables")
    assert "A" not in dict(tables), "of the table of tensors alone"
    assert "Table of tensors" in OF_WIDGETS["TensorTable"]
    assert "Table of tensors" not in OF_WIDGETS["CallTable"]
    assert {action.group for action in ACTIONS if action.place == "sorted"} == {"Filter and sort"}
    assert {widget for widget, titles in OF_WIDGETS.items() if "Filter and sort" in titles} == {
        "TensorTable", "CallTable", "FilterInput"
    }  # fmt: skip


def test_every_heading_that_a_pane_names_is_there_and_every_class() -> None:
    titles = {title for title, _ in groups([("*", "changed")])} | {"Sources"}
    assert {title for named in OF_WIDGETS.values() for title in named} <= titles
    others = (ValueGrid, SearchInput, FilterInput, Output, RuleList, MisfitList, ShareList, SourceList)
    known = {widget.__name__ for widget in (*WIDGETS.values(), *others)}
    assert set(OF_WIDGETS) == known


async def test_the_search_leaves_what_holds_every_word() -> None:
    async with opened() as played:
        await played.press("question_mark")
        await played.until(lambda: isinstance(played.app.screen, HelpScreen), "help")
        await played.press("slash", *"slice prev")
        await played.sees("Previous slice")
        await played.until(lambda: "Unfold or fold" not in played.text, "only that")
        await played.press(*"xq")
        await played.sees("Nothing")
        await played.press("escape")
        await played.sees("Unfold or fold")
        assert isinstance(played.app.screen, HelpScreen)
        await played.press("slash", *"undo")
        await played.sees("Undo the last change")
        await played.press("enter", "q")
        await played.sees("Unfold or fold")  # the search is left first
        await played.press("q")
        await played.until(lambda: not isinstance(played.app.screen, HelpScreen), "closed")
        assert played.app.is_running
