"""Of `running`: from what backward starts, and which tab is shown where it fails."""

from __future__ import annotations

import pytest
from fake_app import opened

from models.messages import (
    Backward,
    Forward,
    Problem,
    Ran,
)
from tui.screens.running import brief_start

TRACEBACK = Problem("model", "ZeroDivisionError: division by zero", 'File "<console>", line 1\n    1 / 0')


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("from ['loss']: [] float32, grad_fn NllLossBackward0; 2 parameters lead only to ['aux']", " (from ['loss'])"),
        ("from the sum of [2, 1] float32, grad_fn AddmmBackward0", " (from the sum of [2, 1] float32)"),
        ("from the sums of [0] + [1]; no loss in the result", " (from the sums of [0] + [1])"),
        ("", ""),
    ],
)
def test_the_status_says_in_brief_from_what_backward_started(text: str, brief: str) -> None:
    assert brief_start(text) == brief


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
