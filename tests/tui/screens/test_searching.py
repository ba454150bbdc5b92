from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import opened
from textual.geometry import Region
from textual.widget import Widget

from models.messages import Search
from tui.widgets.table.call_table import CallTable
from tui.widgets.tree.search_box import SearchBox


async def test_search_goes_there_and_n_walks_the_hits_around() -> None:
    async with opened() as played:
        await played.selected("0.block 0")
        await played.press("left")  # what is folded is found too
        await played.press("slash", *"block 0.0 bias")
        await played.sees("1 of 1")
        await played.press("enter")
        await played.until(lambda: played.explorer.path == "0.block 0.0.bias", "gone there")
        await played.rest()
        assert played.explorer.module_tree.has_focus
        assert not played.explorer.query(SearchBox)
        await played.sees("8 elements", "[8] float32")

        await played.press("slash")
        await played.until(lambda: played.explorer.query(SearchBox), "the box")
        await played.press(*"1 0 bias")
        await played.until(lambda: played.explorer.query_one(SearchBox).answered == "1 0 bias", "hits")
        await played.press("enter")
        await played.rest()
        found = played.explorer.path
        walked = []
        for _ in range(4):
            await played.press("n")
            await played.rest()
            walked.append(played.explorer.path)
        hits = [node.row.path for node in played.engine._hits("1 0 bias")]
        start = hits.index(found)
        assert walked == [hits[(start + step) % len(hits)] for step in (1, 2, 3, 4)]
        await played.press("N")
        await played.rest()
        assert played.explorer.path == walked[2]


async def test_escape_leaves_everything_as_it_was() -> None:
    async with opened() as played:
        await played.selected("1.bias")
        await played.press("slash", *"block", "escape")
        await played.rest()
        assert played.explorer.path == "1.bias"
        assert played.explorer.module_tree.has_focus
        await played.press("n")
        await played.reported("othing was searched")


@pytest.mark.parametrize("key", slow_but(1, ["enter", "escape"]))
async def test_the_focus_goes_from_the_box_to_the_tree_and_nowhere_between(key: str) -> None:
    async with opened() as played:
        await played.press("slash", *"1 0 bias")
        await played.until(lambda: played.explorer.query_one(SearchBox).answered == "1 0 bias", "hits")
        seen: list[Widget | None] = []
        played.explorer.watch(played.explorer, "focused", lambda focused: seen.append(focused), init=False)
        await played.press(key)
        await played.rest()
        assert seen == [played.explorer.module_tree]


async def test_nothing_found_is_said_and_keys_are_typed_not_run() -> None:
    async with opened() as played:
        await played.press("slash", *"qfb[/]")
        await played.sees("Nothing matches qfb[/].", "no hits")
        assert played.asked(Search)[-1].query == "qfb[/]"
        await played.press("enter")
        assert played.app.is_running
        assert played.explorer.query(SearchBox)


@pytest.mark.slow
async def test_n_without_a_hit_any_more_is_reported() -> None:
    async with opened() as played:
        await played.press("slash", *"block 3")
        await played.sees(" of ")
        await played.press("enter")
        await played.rest()
        played.explorer.open("shared")
        await played.sees("121 parameters")
        await played.press("n")
        await played.reported("nothing matches 'block 3'")


@pytest.mark.slow
async def test_there_is_nothing_to_search_before_anything_is_open() -> None:
    async with opened(None) as played:
        await played.explorer.action_search()
        assert not played.explorer.query(SearchBox)


async def test_a_list_that_is_just_being_removed_can_be_drawn() -> None:
    async with opened() as played:
        await played.press("slash", *"bias")
        await played.sees(" of ")
        listed = played.explorer.query_one(SearchBox).list
        await played.press("escape")
        await played.rest()
        assert not listed.is_attached
        listed.render_lines(Region(0, 0, 20, 3))


@pytest.mark.slow
async def test_a_search_box_that_was_left_is_gone_back_to_and_closed_from_elsewhere() -> None:
    async with opened() as played:
        await played.press("slash", *"bias")
        await played.sees(" of ")
        box = played.explorer.query_one(SearchBox)
        played.explorer.set_focus(played.explorer.console.output)  # as a click does
        await played.press("slash")
        await played.rest()
        assert played.app.focused in box.walk_children()
        played.explorer.set_focus(played.explorer.console.output)
        await played.press("escape")
        await played.rest()
        assert not played.explorer.query(SearchBox)
        assert played.explorer.module_tree.has_focus
        assert played.explorer.module_tree.display


async def test_a_key_leads_to_the_calls_of_what_is_selected_one_after_another() -> None:
    async with opened() as played:
        await played.selected("0.block 0.0.weight")
        await played.press("c")
        await played.reported("no run yet")
        await played.press("f")
        await played.rest()
        table = played.explorer.query_one(CallTable)
        await played.press("c")
        await played.reported("call 1 of 1 of 0.block 0.0.weight")
        assert table.row is not None
        assert table.row.module == "0.block 0.0"
        rows = played.engine.runs[table.run or 0]
        rows[-1] = rows[table.cursor]
        await played.press("c")
        await played.reported("call 2 of 2 of 0.block 0.0.weight: c for the next")
        assert table.cursor == len(rows) - 1
        await played.press("c")
        await played.reported("call 1 of 2")
        rows.clear()
        await played.press("c")
        await played.reported("0.block 0.0.weight is in no call of the last run")
