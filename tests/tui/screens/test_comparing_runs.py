"""Comparing two runs as a user does it: D in Calls, the columns, the first difference, another run, the end.

Of `comparing_runs`, `run_choices`, `tui/widgets/table/call_differences.py`.
"""

from __future__ import annotations

import pytest
from fake_app import Played, opened

from models.messages import (
    CallDifference,
    CallDifferencesRead,
    CallRow,
    CallRows,
    CallsGrew,
    CallTensor,
    CompareRuns,
    EndRunComparison,
    Forward,
    KeepRun,
    Problem,
    ReadCallDifferences,
    RunBeside,
    Window,
)
from tui.screens.comparing_runs import _count_text
from tui.screens.run_choices import RunChoices
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.parts.info import Info
from tui.widgets.table.call_differences import DIFFERENCES
from tui.widgets.table.call_table import CallTable

CHANGED = CallDifference(
    status="changed", differs=True, max_abs=0.25, relative=0.5, first=True, share=1.0, index=[0, 1], other=2
)
SPREAD = CallDifference(status="changed", differs=True, max_abs=0.125, relative=0.25, grew=0.5, share=0.8, other=3)


async def twice(played: Played) -> CallTable:
    """Run forward twice, the focus in Calls, and let the second run differ from its third call on."""
    await played.press("f")
    table = played.explorer.query_one(CallTable)
    await played.until(lambda: table.complete and table.count > 4, "a run")
    await played.press("6")
    await played.until(lambda: table.has_focus, "the calls")
    await played.rest()
    await played.press("f")
    await played.until(lambda: table.run == 2 and table.complete and table.count > 4, "the second run")
    await played.until(lambda: not played.explorer.pending, "it is over")
    await played.rest()
    played.engine.call_differences = {2: CHANGED, 3: SPREAD}
    return table


async def choose(played: Played, key: str) -> None:
    """Press D, and a digit or Enter in the panel."""
    await played.press("D")
    await played.until(lambda: isinstance(played.app.screen, RunChoices), "the panel stands")
    await played.rest()
    await played.press(key)


@pytest.mark.slow
async def test_while_a_run_goes_on_the_choice_of_another_waits_and_it_is_said() -> None:
    async with opened() as played:
        await twice(played)
        gate = played.engine.hold(Forward)
        await played.press("f", "D")
        await played.sees("D waits for it, Esc gives up")
        assert not isinstance(played.app.screen, RunChoices)
        gate.set()
        await played.until(lambda: isinstance(played.app.screen, RunChoices), "it is over")


async def test_the_run_before_is_the_first_choice_and_the_first_difference_is_gone_to() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "enter")
        await played.until(lambda: played.explorer.call == CallTensor(run=2, call=2), "the first difference")
        await played.rest()
        assert played.asked(CompareRuns) == [CompareRuns(a=1, b=2)]
        assert (table.run, table.against) == (2, 1)
        assert table._view is DIFFERENCES
        await played.sees("A run 1 · B run 2", "▶ changed", "0.5", "0.25", "×0.5", "equal")
        await played.sees("first difference: #2", "2 of 18 differ, the first is #2 · ··█▆ · A run 1")
        assert table.row is not None
        assert table.row.index == 2
        await played.press("5")
        await played.sees("it was given the same")


@pytest.mark.slow
async def test_what_is_not_compared_yet_is_no_zero() -> None:
    async with opened() as played:
        table = await twice(played)
        gate = played.engine.hold(ReadCallDifferences)
        await choose(played, "enter")
        await played.until(lambda: table.against == 1, "both runs are shown")
        await played.sees("A to B", "·", "comparing calls")
        gate.set()
        await played.sees("▶ changed")


async def test_ctrl_c_stops_comparing() -> None:
    async with opened() as played:
        table = await twice(played)
        played.engine.hold(ReadCallDifferences)
        await choose(played, "enter")
        await played.until(lambda: played.engine.count(ReadCallDifferences), "it compares")
        await played.press("ctrl+c")
        await played.until(lambda: played.engine.cancelled == [ReadCallDifferences()], "the engine stops")
        assert table.against == 1, "what is known stays"


async def test_another_mode_is_run_now() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "2")
        await played.sees("A run 2 · B run 3 in eval")
        assert played.asked(RunBeside) == [RunBeside(run=2, what="mode eval")]
        assert (table.run, table.against) == (3, 2)


@pytest.mark.slow
async def test_other_random_numbers_are_taken_from_the_run_before() -> None:
    async with opened() as played:
        await twice(played)
        played.engine.reseeds = True
        await choose(played, "1")
        await played.sees("B run 3 with its random numbers")
        assert played.asked(RunBeside) == [RunBeside(run=1, what="random")]
        assert played.asked(CompareRuns) == [CompareRuns(a=1, b=3)]


async def test_each_new_run_is_compared_with_the_run_before() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "1")
        await played.sees("A run 1 · B run 2")
        await played.press("f")
        await played.sees("A run 2 · B run 3")
        await played.until(lambda: (table.run, table.against) == (3, 2), "the new run beside the one before")
        assert played.asked(CompareRuns) == [CompareRuns(a=1, b=2), CompareRuns(a=2, b=3)]


@pytest.mark.slow
async def test_a_backward_of_the_run_that_is_compared_changes_nothing_of_that() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "2")
        await played.sees("A run 2 · B run 3 in eval")
        played.engine.send(CallsGrew(run=2, total=len(played.engine.runs[2]), complete=True))
        await played.rest()
        assert (table.run, table.against) == (3, 2)


@pytest.mark.slow
async def test_a_run_that_is_kept_stays_the_one_that_is_compared_with() -> None:
    async with opened() as played:
        await twice(played)
        await played.press("D")
        await played.until(lambda: isinstance(played.app.screen, RunChoices), "the panel stands")
        await played.rest()
        await played.press("n", *"best 1", "enter")
        await played.sees("run 1 best 1")
        assert played.asked(KeepRun) == [KeepRun(run=1, name="best 1")]
        await played.press("1")
        await played.sees("A run 1 · B run 2")
        await played.press("f")
        await played.sees("A run 1 · B run 3")


@pytest.mark.slow
async def test_what_a_alone_made_is_a_call_of_a() -> None:
    async with opened() as played:
        table = await twice(played)
        played.engine.call_differences = {}
        played.engine.only_a = [
            CallRow(module="", op="tanh", kind="operation", depth=0, inputs=["[2, 4]"], output="[2, 4]")
        ]
        await choose(played, "1")
        await played.sees("only in A", "tanh")
        await played.until(lambda: table.row is not None and table.row.op == "tanh", "gone to")
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=0), "it is a call of run 1")


async def test_the_list_is_sorted_by_how_much_and_filtered() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "1")
        await played.sees("▶ changed")
        await played.press("C")
        await played.sees("inputs")
        for _ in range(4):
            await played.press("C")
            await played.rest()
            if table._view is DIFFERENCES:
                break
        table.sort("relative")
        await played.until(lambda: table.listing.order == "relative" and table.cursor == 0, "the largest first")
        await played.until(lambda: table.row is not None and table.row.index == 2, "the first that differs")
        assert (played.asked(CallRows)[-1].order, played.asked(CallRows)[-1].against) == ("relative", 1)
        await played.press("F")
        await played.sees("differs, !equal, rel>0.01")


async def test_it_ends_with_the_choice_and_the_newest_run_stands_there_again() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "2")
        await played.until(lambda: table.run == 3, "another mode")
        await played.rest()
        await choose(played, "1")
        await played.until(lambda: (table.run, table.against) == (2, None), "the newest run")
        await played.rest()
        assert played.engine.count(EndRunComparison) == 1
        assert "A run 2" not in played.text
        assert table._view is not DIFFERENCES
        assert all(row.difference is None for row in table.pages.rows())


@pytest.mark.slow
async def test_it_goes_with_what_was_open() -> None:
    async with opened() as played:
        table = await twice(played)
        await choose(played, "1")
        await played.sees("A run 1 · B run 2")
        await played.press("R")
        await played.until(lambda: table.run is None, "opened again")
        await played.rest()
        assert table.against is None
        assert "A run 1" not in played.text
        await played.press("5")
        await played.sees("the runs that were compared are gone with what was open")


@pytest.mark.slow
async def test_a_run_that_is_gone_is_said() -> None:
    async with opened() as played:
        table = await twice(played)
        played.engine.problems[CompareRuns] = Problem("gone", "The calls of run 1 are no longer kept")
        await choose(played, "1")
        await played.sees("The calls of run 1 are no longer kept")
        assert table.against is None


async def test_without_a_run_there_is_nothing_to_choose() -> None:
    async with opened() as played:
        await played.press("6")
        await played.press("D")
        await played.sees("no run yet: f runs the network forward")


@pytest.mark.slow
async def test_info_asks_anew_when_the_differences_are_known() -> None:
    async with opened() as played:
        await twice(played)
        await played.press("3", "6")
        await choose(played, "1")
        await played.sees("first difference: #2")
        await played.until(lambda: played.explorer.query_one(Info).path == CallTensor(run=2, call=2), "of the call")


async def test_v_shows_b_minus_a_then_a_then_b_then_the_next_tensor() -> None:
    async with opened() as played:
        await twice(played)
        await choose(played, "1")
        await played.until(lambda: played.explorer.call == CallTensor(run=2, call=2), "the first difference")
        await played.sees("v: [B - A]  A  B  of [output [2, 8]]")
        await played.rest()
        assert played.asked(Window)[-1].of == "difference"
        await played.press("v")
        await played.sees("v: B - A  [A]  B  of [output [2, 8]]")
        await played.rest()
        assert played.asked(Window)[-1].of == "other"
        await played.press("v")
        await played.sees("v: B - A  A  [B]  of [output [2, 8]]")
        await played.rest()
        assert played.asked(Window)[-1].of == "value"
        await played.press("v")
        await played.sees("v: [B - A]  A  B  of output [2, 8]   [input [2, 4]]")


async def test_m_goes_to_the_largest_change() -> None:
    async with opened() as played:
        await twice(played)
        await choose(played, "1")
        await played.sees("v: [B - A]  A  B  of [output [2, 8]]")
        await played.rest()
        await played.press("1", "m")
        grid = played.explorer.query_one(ValuesPane).grid
        await played.until(lambda: list(grid.index) == [0, 1], "the largest change")
        await played.sees("the largest change")


@pytest.mark.parametrize(
    ("differing", "unread", "text"),
    [
        (0, 0, "none differs"),
        (0, 2, "none differs, 2 of 5 not compared"),
        (0, 5, "none could be compared"),
        (3, 2, "3 of 5 differ"),
    ],
)
def test_that_nothing_could_be_compared_is_not_that_nothing_differs(differing: int, unread: int, text: str) -> None:
    assert _count_text(CallDifferencesRead(text="", differing=differing, unread=unread), 5) == text
