"""Of `running`: the first rows of a run, and its end by an interrupt, as soon as the engine knows of them."""

from __future__ import annotations

import pytest
from fake_app import opened
from msgspec.structs import replace

from models.messages import CallPage, CallRows, CallsGrew, Forward, Problem, Ran


async def test_that_a_run_is_interrupted_is_said_before_its_end_is_known() -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        await played.press("f")
        await played.sees("● forward")
        played.engine.runs[7] = played.engine.calls(3)
        played.engine.send(CallsGrew(run=7, total=3))
        await played.sees("Calls 3")
        await played.press("ctrl+c")
        await played.sees("interrupting forward")
        played.engine.send(CallsGrew(run=7, total=4, interrupted=True))
        await played.sees("● forward interrupted")
        problem = Problem("interrupted", "Interrupted at net.py:21")
        played.engine.answers[Forward] = lambda body: Ran(run=7, problem=problem)
        gate.set()
        await played.sees("● ready", "Interrupted at net.py:21")


@pytest.mark.slow
async def test_the_first_rows_that_come_with_the_run_are_not_asked_for() -> None:
    async with opened() as played:
        rows = [replace(row, index=place) for place, row in enumerate(played.engine.calls(2))]
        gate, listing = played.engine.hold(Forward), played.engine.hold(CallRows)
        await played.press("f")
        page = CallPage(run=7, total=2, start=0, complete=False, rows=rows, all=2)
        played.engine.send(CallsGrew(run=7, total=2, page=page))
        await played.sees("Calls 2", "0.block 0.0")
        assert played.asked(CallRows) == []
        played.engine.runs[7] = played.engine.calls(5)
        played.engine.send(CallsGrew(run=7, total=5))
        await played.until(lambda: played.asked(CallRows), "asked for what came behind them")
        assert "0.block 0.0" in played.text
        listing.set()
        await played.sees("Calls 5", "0.block 1.0")
        gate.set()
