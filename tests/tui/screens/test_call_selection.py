"""A call as what is selected: the panes show it, links lead along the dataflow and back, the tree takes over again."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import Played, opened

from models.messages import CallRow, CallTensor, Cells, Describe, KeepCall, Problem, SourceCode, Window
from tui.widgets.parts.info import Info
from tui.widgets.table.call_table import CallTable


async def ran(played: Played) -> CallTable:
    """Run forward, and go to the calls: 0 the network, then one for each layer."""
    await played.press("f")
    table: CallTable = played.explorer.query_one(CallTable)
    await played.until(lambda: table.complete and table.count > 4, "a run")
    await played.press("6")
    await played.until(lambda: table.has_focus, "the calls")
    await played.rest()
    return table


async def test_the_call_under_the_cursor_is_what_the_panes_show() -> None:
    async with opened() as played:
        await ran(played)
        assert played.explorer.call == CallTensor(run=1, call=0)
        path = played.explorer.path
        await played.press("down")
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=1), "the next call")
        await played.sees("#1 Linear", "[2, 8] float32", "v: [output [2, 8]]   input")
        assert [window.path for window in played.asked(Window)][-1] == CallTensor(run=1, call=1)
        assert played.explorer.path == path  # the tree stays as it is
        await played.press("3")
        await played.sees("Operation", "Linear")
        assert played.asked(Describe)[-1].path == CallTensor(run=1, call=1)
        await played.press("4")
        await played.sees("●12")
        assert played.asked(SourceCode)[-1].path == CallTensor(run=1, call=1)


async def test_v_shows_its_inputs_one_after_the_other() -> None:
    async with opened() as played:
        await ran(played)
        await played.press("down")
        await played.sees("[2, 8] float32")
        await played.press("v")
        await played.sees("[2, 4] float32", "[input [2, 4]]")
        assert played.explorer.call == CallTensor(run=1, call=1, side="input")
        await played.press("v")
        await played.sees("[2, 8] float32")
        assert played.explorer.call == CallTensor(run=1, call=1)


async def test_v_brings_values_to_the_front_with_what_is_selected() -> None:
    async with opened() as played:
        table = await ran(played)
        await played.press("down", "3")
        await played.sees("Dataflow")
        table.focus()
        await played.press("v")
        await played.sees("[2, 8] float32")
        assert played.explorer.focused is table
        assert played.explorer.call == CallTensor(run=1, call=1)
        await played.press("v")
        await played.sees("[2, 4] float32", "[input [2, 4]]")


@pytest.mark.slow
async def test_v_without_a_call_says_where_to_find_one() -> None:
    async with opened() as played:
        await played.press("v")
        await played.reported("no call is selected")


async def test_enter_walks_the_dataflow_on_and_backspace_goes_back() -> None:
    async with opened() as played:
        table = await ran(played)
        await played.press("down", "down", "3")
        info = played.explorer.query_one(Info)
        await played.sees("Dataflow")
        await played.until(lambda: info.description and info.description.path == CallTensor(run=1, call=2), "its facts")
        while not info.row_text(info.cursor).strip().startswith("To"):
            await played.press("down")
        for call in (3, 4):
            await played.press("enter")
            await played.until(lambda call=call: played.explorer.call == CallTensor(run=1, call=call), f"call {call}")
            await played.until(
                lambda call=call: info.description and info.description.path == CallTensor(run=1, call=call), "facts"
            )
            assert table.cursor == call
            assert info.has_focus
            assert "To" in info.row_text(info.cursor)  # so that Enter leads on
        for call in (3, 2):
            await played.press("backspace")
            await played.until(lambda call=call: played.explorer.call == CallTensor(run=1, call=call), "back")
            await played.rest()
        await played.press("backspace")
        await played.reported("nothing to go back to")


async def test_a_link_to_the_tree_leads_there_and_backspace_to_the_call_again() -> None:
    async with opened() as played:
        await ran(played)
        await played.press("down", "3")
        info = played.explorer.query_one(Info)
        await played.until(lambda: info.description and info.description.path == CallTensor(run=1, call=1), "its facts")
        while not info.row_text(info.cursor).strip().startswith("In"):
            await played.press("down")
        await played.press("enter")
        await played.until(lambda: played.explorer.path == "0.block 0.0" and played.explorer.call is None, "the module")
        await played.rest()
        await played.press("backspace")
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=1), "the call again")


@pytest.mark.parametrize("key", slow_but(1, ["escape", "tab"]))
async def test_in_the_tree_again_what_its_cursor_is_on_is_selected(key: str) -> None:
    async with opened() as played:
        await played.selected("0.block 0.0.bias")
        await ran(played)
        await played.sees("#0 ")
        await played.press(key)
        await played.until(lambda: played.explorer.call is None, "no call")
        await played.sees("8 elements")
        assert played.explorer.path == "0.block 0.0.bias"
        assert "#0 " not in played.text


@pytest.mark.slow
async def test_a_run_alone_takes_the_selection_from_nobody() -> None:
    async with opened() as played:
        await played.selected("0.block 0.0.bias")
        await played.press("f")
        await played.sees("Calls 1")
        await played.rest()
        assert played.explorer.call is None
        await played.sees("8 elements")


async def test_after_another_run_the_panes_show_a_call_of_that() -> None:
    async with opened() as played:
        await ran(played)
        await played.press("down")
        await played.sees("#1 ")
        await played.press("f")
        await played.until(lambda: played.explorer.call and played.explorer.call.run == 2, "a call of the new run")
        await played.rest()
        assert played.asked(Window)[-1].path.run == 2


async def test_c_leads_from_a_module_to_its_call_and_backspace_to_the_module() -> None:
    async with opened() as played:
        await played.selected("0.block 0.0")
        await played.press("f")
        await played.sees("Calls 1")
        await played.press("c")
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=1), "its call")
        assert played.explorer.module_tree.has_focus
        await played.press("backspace")
        await played.until(lambda: played.explorer.call is None, "the module")
        await played.rest()
        assert played.explorer.path == "0.block 0.0"


async def test_another_source_forgets_the_call() -> None:
    async with opened() as played:
        await ran(played)
        assert played.explorer.call is not None
        await played.press("R")
        await played.until(lambda: played.explorer.call is None, "no call")
        await played.rest()
        assert "#0 " not in played.text


async def test_what_was_not_kept_says_so_and_V_runs_again_for_it() -> None:
    async with opened() as played:
        await ran(played)
        usual = played.engine._on_Window
        reason = "it takes 24.5 MB, and a run keeps tensors up to 8.0 MB"
        played.engine.answers[Window] = lambda body: Cells(path=body.path, of=body.of, absence="unkept", reason=reason)
        await played.press("down")
        await played.sees("Not kept: it takes 24.5 MB", "V runs again")
        played.engine.answers[Window] = usual
        await played.press("V")
        await played.reported("the same numbers in all 5 calls")
        assert played.asked(KeepCall)[-1].call == CallTensor(run=1, call=1)
        await played.sees("[2, 8] float32")


@pytest.mark.slow
async def test_a_run_that_cannot_be_run_again_says_why() -> None:
    async with opened() as played:
        await ran(played)
        played.engine.problems[KeepCall] = Problem("usage", "This run cannot be run again: its parameters have changed")
        await played.press("V")
        await played.reported("its parameters have changed")


@pytest.mark.slow
async def test_V_without_a_call_runs_nothing() -> None:
    async with opened() as played:
        await played.press("V")
        await played.reported("no call is selected")
        assert not played.asked(KeepCall)


async def test_v_shows_each_of_several_outputs() -> None:
    async with opened() as played:
        several = CallRow(
            module="", op="LSTM", kind="module", depth=0, inputs=["[2, 4]"], output="([2, 8], ([1, 2], [1, 3]))"
        )
        played.engine.calls = lambda count=None: [several] * 5
        await ran(played)
        await played.sees("v: [output [2, 8]]   output [1, 2]   output [1, 3]")
        seen = []
        for _ in range(4):
            await played.press("v")
            await played.rest()
            seen.append((played.explorer.call.side, played.explorer.call.number))
        assert seen == [("output", 1), ("output", 2), ("input", 0), ("output", 0)]


@pytest.mark.slow
async def test_after_another_run_the_cursor_is_on_the_call_that_was_selected() -> None:
    async with opened() as played:
        table = await ran(played)
        await played.press(*["down"] * 6)
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=6), "a call")
        await played.press("f")
        await played.until(lambda: played.explorer.call == CallTensor(run=2, call=6), "the same of the new run")
        assert table.cursor == 6


@pytest.mark.slow
async def test_enter_on_a_call_leads_to_its_module_also_where_the_tree_is_there_already() -> None:
    async with opened() as played:
        await played.selected("0.block 0.0")
        await ran(played)
        await played.press("down")  # a call of that module
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=1), "the call")
        await played.press("enter")
        await played.until(lambda: played.explorer.call is None, "the module")
        assert played.explorer.path == "0.block 0.0"
        await played.press("backspace")
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=1), "the call again")


@pytest.mark.slow
async def test_going_back_skips_the_calls_of_runs_that_are_not_shown_any_more() -> None:
    async with opened() as played:
        await ran(played)
        await played.press("down", "enter")
        await played.until(lambda: played.explorer.call is None, "the module")
        await played.press("f")
        await played.until(lambda: played.explorer.query_one(CallTable).run == 2, "another run")
        await played.press("backspace")
        await played.reported("nothing to go back to")
