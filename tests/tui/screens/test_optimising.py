from __future__ import annotations

import math

import pytest
from fake_app import Played, opened

from models.messages import Interrupt, LayerUpdate, Problem, StepPoint, StepsGrew, StepsTaken, TakeSteps
from tui.screens.optimising import OptimisePanel, Steps
from tui.widgets.parts.line_input import LineInput


def grown(losses: list[float], start: int = 0, total: int = 4) -> StepsGrew:
    points = [StepPoint(loss=loss, gradient=loss / 2) for loss in losses]
    layers = [LayerUpdate(path="1", ratio=0.001), LayerUpdate(path="0", ratio=0.1)]
    return StepsGrew(start=start, total=total, points=points, layers=layers)


def panel(played: Played) -> OptimisePanel:
    screen = played.app.screen
    assert isinstance(screen, OptimisePanel)
    return screen


async def test_curves_are_drawn_while_steps_are_taken_and_what_they_changed_is_said() -> None:
    async with opened() as played:
        await played.press("B")
        await played.sees("Steps of an optimizer", "learning rate")
        gate = played.engine.hold(TakeSteps)
        played.engine.answers[TakeSteps] = lambda body: StepsTaken(
            count=4, code="for _ in range(4): step()", text="4 steps: loss 8 to 1", changed=["1.bias"]
        )
        await played.press("enter")
        await played.sees("the first step")
        played.engine.send(grown([8.0, 4.0]))
        await played.sees("2 of 4 steps", "loss  4", "gradient norm  2", "update / weight of each layer", "0.001")
        await played.press("escape")
        await played.sees("they go on: Ctrl+C stops them")
        played.engine.send(grown([2.0, 1.0], start=2))
        await played.sees("4 of 4 steps", "loss  1")
        gate.set()
        await played.sees("4 steps: loss 8 to 1   (Enter takes more; Esc, then u takes these back)")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        await played.reported(">>> for _ in range(4): step()", "changed: 1.bias   (u takes it back)")
        (asked,) = played.asked(TakeSteps)
        assert (asked.optimizer, asked.rate, asked.count, asked.loss) == ("SGD", 0.1, 50, "")


async def test_the_optimizer_brings_its_rate_and_what_is_no_number_is_said() -> None:
    async with opened() as played:
        await played.press("B")
        await played.sees("Steps of an optimizer")
        await played.press("up", "up", "up", "right")
        rate = panel(played).query_one("#rate", LineInput)
        await played.until(lambda: rate.value == "0.001", "the rate of Adam")
        await played.press("down", "down", "x", "enter")
        await played.sees("the learning rate is a number")
        await played.press("end", "backspace", "home", "delete")
        assert played.asked(TakeSteps) == []


async def test_ctrl_c_interrupts_and_an_error_is_shown() -> None:
    async with opened() as played:
        await played.press("B")
        await played.sees("Steps of an optimizer")
        gate = played.engine.hold(TakeSteps)
        played.engine.answers[TakeSteps] = lambda body: StepsTaken(
            count=1, text="1 step: loss 8", problem=Problem("interrupted", "interrupted")
        )
        await played.press("enter")
        await played.sees("the first step")
        await played.press("ctrl+c")
        await played.until(lambda: played.asked(Interrupt), "interrupted")
        gate.set()
        await played.sees("stopped: 1 step: loss 8")
        played.engine.answers[TakeSteps] = lambda body: StepsTaken(count=0, problem=Problem("model", "NameError: no"))
        await played.press("enter")
        await played.sees("✗ NameError: no")


@pytest.mark.slow
def test_a_picture_has_the_room_that_it_is_given() -> None:
    steps = Steps()
    steps.take(grown([8.0, math.nan, 2.0]))
    for width, height in ((40, 8), (96, 20), (60, 12)):
        lines = steps.picture(width, height).plain.split("\n")
        assert len(lines) <= height
        assert max(map(len, lines)) <= width
    assert "×" in steps.picture(96, 20).plain


@pytest.mark.slow
def test_reports_that_begin_anew_replace_those_before() -> None:
    steps = Steps()
    steps.take(grown([8.0, 4.0, 2.0]))
    steps.take(grown([1.0], start=0))
    assert steps.losses == [1.0]


@pytest.mark.slow
def test_the_layers_that_moved_most_are_shown_where_there_is_no_room() -> None:
    steps = Steps()
    news = grown([1.0])
    layers = [LayerUpdate(path=f"layer{at}", ratio=at / 100) for at in range(40)]
    steps.take(StepsGrew(start=0, total=1, points=news.points, layers=layers))
    text = steps.picture(96, 14).plain
    assert "layers that moved most" in text
    assert "layer39" in text
    assert "layer1 " not in text


@pytest.mark.slow
async def test_keys_typed_while_steps_are_taken_go_nowhere() -> None:
    async with opened() as played:
        await played.press("B")
        await played.sees("Steps of an optimizer", "● goes on from the last steps")
        gate = played.engine.hold(TakeSteps)
        played.engine.answers[TakeSteps] = lambda body: StepsTaken(count=50, text="50 steps: loss 8 to 1")
        await played.press("enter")
        await played.sees("no other key acts until they are over")
        await played.press("7", "backspace", "enter", "down", "x", "q")
        gate.set()
        await played.sees("50 steps: loss 8 to 1")
        assert panel(played).query_one("#count", LineInput).value == "50"
        await played.press("up", "up", "right", "enter")
        await played.until(lambda: len(played.asked(TakeSteps)) == 2, "taken again")
        assert [(asked.count, asked.anew) for asked in played.asked(TakeSteps)] == [(50, False), (50, True)]


@pytest.mark.slow
async def test_steps_that_are_stopped_before_the_first_leave_nothing_to_take_back() -> None:
    async with opened() as played:
        await played.press("B")
        await played.sees("Steps of an optimizer")
        played.engine.answers[TakeSteps] = lambda body: StepsTaken(
            count=0, text="no step was taken", problem=Problem("interrupted", "interrupted")
        )
        await played.press("enter")
        await played.sees("stopped: no step was taken   (Enter takes them)")
        assert "takes these back" not in played.text
