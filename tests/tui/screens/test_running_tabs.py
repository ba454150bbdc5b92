"""Of `running`: which tab is seen after a run that failed."""

from __future__ import annotations

import pytest
from fake_app import opened

from models.messages import Backward, Forward, Problem, Ran

TRACEBACK = Problem("model", "ZeroDivisionError: division by zero", 'File "<console>", line 1\n    1 / 0')


@pytest.mark.slow
async def test_a_tab_that_was_chosen_meanwhile_stays_when_backward_fails() -> None:
    async with opened() as played:
        await played.press("f")
        await played.sees("Calls 18")
        gate = played.engine.hold(Backward)
        played.engine.answers[Backward] = lambda body: Ran(run=None, problem=TRACEBACK)
        await played.press("b", "7")
        await played.until(lambda: played.explorer.shown_tab("lower") == "findings", "the findings")
        gate.set()
        await played.reported("✗ ZeroDivisionError")
        await played.rest()
        assert played.explorer.shown_tab("lower") == "findings"


@pytest.mark.slow
async def test_a_tab_that_was_chosen_during_the_forward_before_it_stays_when_backward_fails() -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        played.engine.answers[Backward] = lambda body: Ran(run=None, problem=TRACEBACK)
        await played.press("b")
        await played.until(lambda: played.explorer.shown_tab("lower") == "calls", "the calls of the forward")
        await played.press("7")
        await played.until(lambda: played.explorer.shown_tab("lower") == "findings", "the findings")
        gate.set()
        await played.reported("✗ ZeroDivisionError")
        await played.rest()
        assert played.explorer.shown_tab("lower") == "findings"


async def test_where_no_tab_was_chosen_the_console_says_why_backward_failed() -> None:
    async with opened() as played:
        played.engine.answers[Backward] = lambda body: Ran(run=None, problem=TRACEBACK)
        await played.press("7", "b")
        await played.reported("✗ ZeroDivisionError")
        await played.until(lambda: played.explorer.shown_tab("lower") == "console", "the console")
