"""The tab of findings: asked for after opening and each run, counted, and gone to."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import AppEngine, opened

from models.messages import CallRow, CallsGrew, CallTensor, Finding, Forward, FoundFindings, Problem, Ran, ReadFindings
from tui.tabs import tab_of
from tui.widgets.parts.bar import Bar
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.findings import FindingList, Findings, counts_text

DEAD = Finding(
    kind="dead_units", severity="warning", text="all units are 0", path="0.block 1.1", call=1, where="n.py:3"
)
LONE = Finding(kind="unregistered", severity="warning", text="in a plain list", path="0.block 2.0.bias")
OLD = Finding(kind="nan", severity="error", text="NaN [of] before", path="0.block 1.1", call=0)
KEY = tab_of("findings").key


def ran(engine: AppEngine, *findings: Finding, run: int = 1) -> AppEngine:
    """Have a forward come to these findings."""

    def forward(body: Forward) -> Ran:
        rows = [CallRow(module="", op="Net", depth=0, kind="module", inputs=[], output="")]
        rows += [CallRow(module="0.block 1.1", op="ReLU", depth=1, kind="module", inputs=[], output="")]
        engine.runs[run] = rows
        engine.complete.add(run)
        engine.send(CallsGrew(run=run, total=2, complete=True))
        engine.found = FoundFindings(findings=list(findings), run=run, looked_at="the last run")
        return Ran(run=run)

    engine.answers[Forward] = forward
    return engine


async def test_after_opening_the_tab_says_what_was_looked_at() -> None:
    async with opened() as played:
        assert len(played.asked(ReadFindings)) == 1
        await played.press(KEY)
        await played.sees("Nothing remarkable in 23 modules, 16 tensors, no run yet.")
        assert played.explorer.query_one("#lower-bar", Bar).tabs[-1] == (KEY, "Findings")


async def test_what_a_run_came_to_is_counted_on_the_tab_and_in_the_line_on_top() -> None:
    async with opened(engine=ran(AppEngine(), DEAD, LONE)) as played:
        await played.press("f")
        await played.sees("Findings 2", f"ready · {KEY}: 2 warnings")
        await played.press(KEY)
        await played.sees("! 0.block 1.1", "warning, dead_units: all units are 0  (n.py:3)")
        await played.press("down")
        await played.sees("warning, unregistered: in a plain list")


async def test_the_cursor_is_at_the_most_serious_until_it_is_moved() -> None:
    async with opened() as played:
        shown = played.explorer.query_one(Findings)
        lines = played.explorer.query_one(FindingList)
        for found in ([LONE], [OLD, LONE]):
            shown.show(FoundFindings(findings=found, run=7))
        assert lines.finding == OLD
        await played.press(KEY, "down")
        shown.show(FoundFindings(findings=[OLD, DEAD, LONE], run=8))
        assert lines.finding == LONE


async def test_enter_selects_the_call() -> None:
    async with opened(engine=ran(AppEngine(), DEAD)) as played:
        await played.press("f", KEY)
        await played.sees("Findings 1")
        await played.press("enter")
        await played.until(lambda: played.explorer.call == CallTensor(run=1, call=1), "the call is selected")
        table = played.explorer.query_one(CallTable)
        assert played.explorer.focused is table
        assert table.cursor == 1


@pytest.mark.parametrize("finding", slow_but(1, [LONE, OLD]), ids=["no call", "of another run"])
async def test_enter_goes_to_the_tree_where_there_is_no_call(finding: Finding) -> None:
    async with opened() as played:
        played.explorer.query_one(Findings).show(FoundFindings(findings=[finding], run=7))
        await played.press(KEY, "enter")
        await played.until(lambda: played.explorer.path == finding.path, "it is selected")
        assert played.explorer.focused is played.explorer.module_tree


@pytest.mark.slow
async def test_what_is_about_the_whole_leads_nowhere() -> None:
    async with opened() as played:
        lost = Finding(kind="files", severity="warning", text="1 of 2 shards is missing")
        played.explorer.query_one(Findings).show(FoundFindings(findings=[lost]))
        await played.press(KEY, "enter")
        await played.sees("it is about all that is open")


@pytest.mark.slow
async def test_what_is_opened_next_has_none_of_the_findings_before() -> None:
    engine = ran(AppEngine(), DEAD)
    async with opened(engine=engine) as played:
        await played.press("f")
        await played.sees("Findings 1")
        gate = engine.hold(ReadFindings)
        played.explorer.open("shared")
        await played.sees("121 parameters")
        assert "Findings 1" not in played.text
        await played.press(KEY)
        await played.sees("Looking …")
        engine.found = FoundFindings(findings=[], looked_at="8 modules")
        gate.set()
        await played.sees("Nothing remarkable in 8 modules.")


@pytest.mark.slow
async def test_looking_that_takes_long_is_reported_and_ends_when_it_is_asked_for_anew() -> None:
    engine = AppEngine()
    engine.steps[ReadFindings] = ["findings"]
    engine.hold(ReadFindings)
    async with opened(engine=engine) as played:
        await played.sees("● findings")
        await played.press("f")
        await played.until(lambda: len(played.asked(ReadFindings)) == 2, "asked anew")
        await played.until(lambda: ReadFindings() in engine.cancelled, "the one before is cancelled")


@pytest.mark.slow
async def test_an_engine_that_cannot_answer_leaves_the_tab_as_it_is() -> None:
    engine = AppEngine()
    engine.problems[ReadFindings] = Problem("gone", "There is nothing")
    async with opened(engine=engine) as played:
        await played.press(KEY)
        assert played.explorer.query_one(FindingList).count == 0
        assert played.app.is_running


def test_counts_are_said_by_severity() -> None:
    note = Finding(kind="source", severity="note", text="")
    assert counts_text([OLD, DEAD, LONE, note]) == "1 error, 2 warnings, 1 note"
    assert counts_text([]) == ""
