"""Comparing as a user does it: D, the tree and table of both, A, B and B - A, its end.

Of `comparing`, `compare_with`, and what the widgets do while something is compared.
"""

from __future__ import annotations

import pytest
from fake_app import Played, opened

from models.messages import (
    Compare,
    EndComparison,
    HeatMap,
    Problem,
    ReadDifferences,
    RowDifference,
    SortTree,
    TensorRows,
    Window,
)
from tui.screens.compare_with import CompareWith
from tui.screens.problem import ProblemScreen
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.tree.difference_columns import DIFFERENCES
from tui.widgets.tree.tree_drawing import SIZES

BIAS = "0.block 1.0.bias"


def other(played: Played, path: str = BIAS, at: int = 5, by: float = 2.0) -> None:
    """Let B differ from A at one element."""
    values = list(played.engine.values(path) or [])
    values[at] += by
    played.engine.others[path] = values


async def choose(played: Played, text: str) -> None:
    """Press D, and choose the row that has `text`."""
    await played.press("D")
    await played.until(lambda: isinstance(played.app.screen, CompareWith), "the chooser stands")
    await played.sees(text)
    screen = played.app.screen
    assert isinstance(screen, CompareWith)
    await played.until(lambda: any(text in offer.name for offer in screen.list.offers), text)
    while text not in screen.list.offers[screen.list.cursor].name:
        await played.press("j")
    await played.press("enter")


async def compare_with_itself(played: Played) -> None:
    await choose(played, "as it was opened")
    await played.reported("18 tensors: 1 changed")
    await played.rest()


async def test_with_itself_as_it_was_opened() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        await played.sees("A as it was opened · B now", "1 of 18 differ", "changed")
        assert played.asked(Compare) == [Compare(snapshot="", unfold_to=played.asked(Compare)[0].unfold_to)]
        assert played.asked(Compare)[0].unfold_to > 10
        table = played.explorer.query_one(ValuesPane).table
        assert table.pages.peek(0).path == BIAS, "the most different first"
        assert any("A is rgnet as it was opened, B is rgnet now: 18 of 18 in both" in line for line in played.log)


@pytest.mark.slow
async def test_the_rows_say_what_is_known_so_far() -> None:
    async with opened() as played:
        other(played)
        reading = played.engine.hold(ReadDifferences)
        played.engine.steps[ReadDifferences] = ["comparing 0.block 0.0.weight"]
        await choose(played, "as it was opened")
        await played.sees("comparing 0.block 0.0.weight", "·")
        assert "differ" not in played.text
        reading.set()
        await played.sees("1 of 18 differ")


async def test_a_b_and_their_difference_with_the_cursor_where_it_is() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        await played.selected(BIAS)
        await played.sees("v: A   B   [B - A]", "the largest change, at [5]")
        pane = played.explorer.query_one(ValuesPane)
        assert [window.of for window in played.asked(Window) if window.path == BIAS] == ["difference"]
        pane.grid.focus()
        await played.press("m")
        await played.sees("the largest change")
        assert pane.grid.index == [5]
        values = played.engine.values(BIAS)
        assert values is not None
        await played.press("v")
        await played.sees("v: [A]   B   B - A", f"[5] = {values[5]}")
        assert pane.grid.index == [5]
        await played.press("v")
        await played.sees("v: A   [B]   B - A", f"[5] = {values[5] + 2}")
        await played.press("H")
        await played.until(lambda: any(each.of == "other" for each in played.asked(HeatMap)), "a heat map of B")


@pytest.mark.slow
async def test_one_side_alone_is_shown_where_there_is_no_other() -> None:
    async with opened() as played:
        await compare_with_itself_without_changes(played)
        played.engine.change(BIAS, difference=RowDifference(status="only_b"))
        played.explorer.module_tree.reload()
        await played.selected(BIAS)
        await played.sees("v: A   [B]   B - A")
        played.engine.change(BIAS, difference=RowDifference(status="shape", text="[8] → [9]"))
        played.explorer.module_tree.reload()
        await played.sees("v: [A]   B   B - A", "[8] → [9]")


async def compare_with_itself_without_changes(played: Played) -> None:
    await choose(played, "as it was opened")
    await played.reported("18 tensors: 0 changed")
    await played.rest()


async def test_with_a_source_that_is_typed() -> None:
    async with opened(seed=3) as played:
        await played.press("D")
        await played.until(lambda: isinstance(played.app.screen, CompareWith), "the chooser stands")
        await played.press("slash", *"b.pt", "enter")
        await played.reported("A is rgnet, B is b.pt")
        request = played.asked(Compare)[0]
        assert (request.source, request.seed, request.trust) == ("b.pt", 3, False)


@pytest.mark.slow
async def test_what_is_offered_is_found_by_its_name_in_the_line_too() -> None:
    async with opened() as played:
        await choose(played, "take a snapshot now")
        await played.reported("snapshot 1, 1.2 KB: D compares with it")
        for typed, name in (("1", "1"), ("snapshot 1", "1"), ("as it was opened", "")):
            await played.press("D")
            await played.until(lambda: isinstance(played.app.screen, CompareWith), "the chooser stands")
            await played.press("slash", *typed)
            await played.sees("snapshot 1" if name else "as it was opened")
            await played.press("enter")
            await played.until(
                lambda name=name: played.asked(Compare)[-1:] and played.asked(Compare)[-1].snapshot == name, name
            )
            await played.rest()


@pytest.mark.slow
async def test_a_name_in_the_line_is_completed_and_anything_else_is_a_source() -> None:
    async with opened() as played:
        await played.press("D")
        await played.until(lambda: isinstance(played.app.screen, CompareWith), "the chooser stands")
        screen = played.app.screen
        assert isinstance(screen, CompareWith)
        await played.press("slash", *"AS it", "down")
        await played.until(lambda: screen.line.value == "as it was opened", "in the line")
        await played.press("escape", "slash", *"nowhere")
        await played.press("enter")
        await played.until(lambda: played.asked(Compare), "compared")
        assert played.asked(Compare)[0].source == "nowhere"


async def test_from_the_command_line() -> None:
    async with opened(compare_with="b.pt") as played:
        await played.reported("A is rgnet, B is b.pt")
        await played.sees("A rgnet · B b.pt")


async def test_what_cannot_be_compared_is_reported_and_changes_nothing() -> None:
    async with opened() as played:
        played.engine.problems[Compare] = Problem("source", "no source 'b.pt'", "There is none.")
        await played.press("D")
        await played.until(lambda: isinstance(played.app.screen, CompareWith), "the chooser stands")
        await played.press("slash", *"b.pt", "enter")
        await played.until(lambda: isinstance(played.app.screen, ProblemScreen), "the panel")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "back")
        assert played.explorer.compared is None
        assert "Modules" in played.text
        assert played.explorer.module_tree._columns is SIZES


async def test_its_end_shows_what_is_open_alone_at_the_same_place() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        await played.selected(BIAS)
        await choose(played, "end the comparison")
        await played.until(lambda: played.asked(EndComparison), "ended")
        await played.until(lambda: played.explorer.compared is None, "over")
        await played.rest()
        assert played.explorer.path == BIAS
        assert played.explorer.module_tree._columns is SIZES
        assert "Modules" in played.text
        assert "v: " not in played.text
        assert played.asked(Window)[-1].of == "value"


async def test_a_change_is_compared_again_by_itself() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        other(played, "1.weight", 0, 1.0)
        played.engine.changed("1.weight", values=True)
        await played.reported("18 tensors: 2 changed")
        assert played.asked(Compare)[1:] == [Compare()]
        assert played.explorer.module_tree._columns is DIFFERENCES


async def test_reading_that_takes_long_is_stopped_and_gone_on_with() -> None:
    async with opened() as played:
        other(played)
        reading = played.engine.hold(ReadDifferences)
        await choose(played, "as it was opened")
        await played.until(lambda: played.asked(ReadDifferences), "reading")
        await played.press("ctrl+c")
        await played.reported("stopped: D reads the rest")
        assert [type(body) for body in played.engine.cancelled] == [ReadDifferences]
        reading.set()
        await choose(played, "read the rest")
        await played.reported("18 tensors: 1 changed")


@pytest.mark.slow
async def test_a_change_that_would_take_long_to_compare_waits_for_a_key() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        played.explorer._seconds = 100.0
        played.engine.changed("1.weight", values=True)
        await played.reported("the model changed: D compares again")
        assert len(played.asked(Compare)) == 1
        await choose(played, "compare again")
        await played.until(lambda: len(played.asked(Compare)) == 2, "compared again")


async def test_snapshots_are_taken_and_compared_with() -> None:
    async with opened() as played:
        await choose(played, "take a snapshot now")
        await played.reported("snapshot 1, 1.2 KB: D compares with it")
        await choose(played, "snapshot 1")
        await played.until(lambda: played.asked(Compare), "compared")
        assert played.asked(Compare)[0].snapshot == "1"


async def test_renames_are_offered_and_taken() -> None:
    async with opened() as played:
        played.engine.hint = "16 more names of B are in both with module.="
        await compare_with_itself_without_changes(played)
        assert any("module.=" in line and "D, then rename" in line for line in played.log)
        await choose(played, "rename")
        await played.until(lambda: any(each.renamed for each in played.asked(Compare)), "renamed")


async def test_columns_and_orders_while_something_is_compared() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        tree = played.explorer.module_tree
        await played.press("C")
        assert tree._columns is SIZES
        await played.press("C")
        assert tree._columns is DIFFERENCES
        await played.press("S")
        await played.until(lambda: played.asked(SortTree), "sorted")
        assert played.asked(SortTree)[0].order == "relative"
        await played.sees("▼relative")
        await played.press("tab")
        await played.press("S")
        await played.until(lambda: played.asked(TensorRows)[-1].order == "max_abs", "the next column")
        await played.press("F")
        await played.sees("changed, !equal, rel>0.01")


@pytest.mark.slow
async def test_opening_another_network_ends_it() -> None:
    async with opened() as played:
        other(played)
        await compare_with_itself(played)
        played.explorer.open("sequential")
        await played.sees("sequential")
        await played.rest()
        assert played.explorer.compared is None
        assert "Modules" in played.text
        assert "v: " not in played.text


async def test_opening_it_anew_compares_it_with_the_same_source_again() -> None:
    async with opened(compare_with="b.pt") as played:
        await played.reported("A is rgnet, B is b.pt")
        await played.rest()
        await played.press("R")
        await played.until(lambda: len(played.asked(Compare)) == 2, "compared again")
        assert played.asked(Compare)[1].source == "b.pt"


@pytest.mark.slow
async def test_gradients_say_that_a_comparison_has_none() -> None:
    async with opened() as played:
        await compare_with_itself_without_changes(played)
        await played.press("2")
        await played.sees("A comparison is of values.")
