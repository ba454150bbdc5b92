from __future__ import annotations

import pytest
from fake_app import AppEngine, Played, opened
from msgspec.structs import replace

from models.messages import (
    Execute,
    InputField,
    InputFields,
    InputsSet,
    OpenSource,
    Problem,
    ReadInputs,
    RunMode,
    SetInputs,
)
from tui.screens.input_form import InputForm
from tui.widgets.parts.choice_line import ChoiceLine


def several() -> AppEngine:
    engine = AppEngine()
    engine.inputs = InputFields(
        origin="a guess from the first layers",
        fields=[
            InputField(name="x", required=True, text="2x4", present="float32[2, 4]"),
            InputField(name="mask", default="None"),
            InputField(name="**more", several=True),
        ],
    )
    return engine


def form(played: Played) -> InputForm:
    screen = played.app.screen
    assert isinstance(screen, InputForm)
    return screen


async def test_i_in_calls_shows_a_line_for_each_argument_and_Enter_sets_them() -> None:
    async with opened(engine=several()) as played:
        await played.press("6", "i")
        await played.sees(
            "Now: a guess from the first layers.", "x  now float32[2, 4]", "mask  not given: None", "**more"
        )
        assert [line.value for line in form(played).lines] == ["2x4", "", ""]
        await played.press(*"2x4~ones", "tab", *"bool[2]", "enter")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        assert played.asked(SetInputs)[0].texts == ["2x4~ones", "bool[2]", ""]
        await played.reported("inputs: 2x4~ones, bool[2]   (--input '2x4~ones' --input 'bool[2]')", "f runs forward")


@pytest.mark.slow
async def test_letters_typed_right_behind_the_key_go_into_the_first_line() -> None:
    engine = several()
    async with opened(engine=engine) as played:
        gate = engine.hold(ReadInputs)
        from textual.events import Key

        for key in ("I", "f", "R"):
            played.app.post_message(Key(key, key))
        await played.until(lambda: played.asked(ReadInputs), "asked")
        gate.set()
        await played.until(lambda: isinstance(played.app.screen, InputForm) and form(played).lines, "shown")
        await played.rest()
        assert form(played).lines[0].value == "fR"  # what stood there was selected
        assert len(played.asked(OpenSource)) == 1


async def test_an_error_stands_at_its_line_which_has_the_focus_until_it_is_mended() -> None:
    engine = several()
    async with opened(engine=engine) as played:
        engine.answers[SetInputs] = lambda body: InputsSet(errors=["", "[b]'x' is no input[/]", ""])
        await played.press("I", "enter")
        await played.sees("✗ [b]'x' is no input[/]")
        assert form(played).lines[1].has_focus
        engine.answers.clear()
        await played.press("4", "enter")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        assert played.asked(SetInputs)[-1].texts == ["2x4", "4", ""]


async def test_escape_changes_nothing_and_q_is_typed() -> None:
    async with opened(engine=several()) as played:
        await played.press("I", "q")
        assert form(played).lines[0].value.endswith("q")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        assert played.asked(SetInputs) == []


@pytest.mark.slow
async def test_what_was_set_goes_along_to_a_new_engine_but_not_to_another_network() -> None:
    async with opened(engine=several()) as played:
        await played.press("I", "enter")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        await played.press("ctrl+r")
        await played.until(lambda: len(played.asked(OpenSource)) == 2, "opened again")
        await played.rest()
        played.explorer.open("shared")
        await played.until(lambda: len(played.asked(OpenSource)) == 3, "another")
        assert [body.inputs for body in played.asked(OpenSource)] == [[], ["2x4"], []]


@pytest.mark.slow
async def test_while_code_runs_and_for_a_file_of_tensors_there_is_none() -> None:
    engine = several()
    async with opened(engine=engine) as played:
        gate = engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "it runs")
        await played.press("escape", "I")
        await played.sees("I waits for it, Esc gives up")
        await played.press("escape")
        gate.set()
        engine.summary_fields["kind"] = "checkpoint"
        played.explorer.open("shared")
        await played.sees("121")
        await played.press("I")
        await played.reported("only tensors are open")
        assert played.asked(ReadInputs) == []


@pytest.mark.slow
async def test_a_refusal_of_the_engine_is_shown() -> None:
    engine = several()
    async with opened(engine=engine) as played:
        engine.problems[SetInputs] = Problem("usage", "The forward takes other inputs by now")
        await played.press("I", "enter")
        await played.sees("The forward takes other inputs by now")
        engine.problems[ReadInputs] = Problem("model", "no signature")
        await played.press("escape", "I")
        await played.reported("no signature")


@pytest.mark.slow
async def test_many_arguments_scroll_at_80x24() -> None:
    engine = AppEngine()
    engine.inputs = InputFields(fields=[InputField(name=f"argument_{index}") for index in range(30)])
    async with opened(engine=engine, size=(80, 24)) as played:
        await played.press("I")
        await played.sees("argument_0", "Enter sets them")
        await played.press("shift+tab")
        await played.sees("argument_29", "Enter sets them")


async def test_ctrl_c_interrupts_what_makes_the_inputs_and_the_form_stays() -> None:
    engine = several()
    engine.problems[SetInputs] = Problem("interrupted", "KeyboardInterrupt")
    async with opened(engine=engine) as played:
        interrupts: list[int] = []
        played.explorer.interrupt = lambda: interrupts.append(1)  # type: ignore[method-assign]
        await played.press("I", "ctrl+c")
        gate = engine.hold(SetInputs)
        await played.press("enter")
        await played.until(lambda: played.asked(SetInputs), "asked")
        assert not interrupts
        await played.press("ctrl+c")
        await played.until(lambda: interrupts == [1], "interrupted")
        gate.set()
        await played.sees("✗ KeyboardInterrupt")
        assert isinstance(played.app.screen, InputForm)


async def test_the_mode_of_the_run_is_chosen_with_arrows_and_the_mouse_and_goes_along() -> None:
    engine = several()
    engine.inputs = replace(engine.inputs, mode=RunMode(autocast="float16"))
    async with opened(engine=engine) as played:
        await played.press("I")
        await played.sees("● as it is  ○ train  ○ eval", "○ off  ○ bfloat16  ● float16")
        await played.press("tab", "tab", "tab", "right", "right", "down", "space", "down", "left", "left", "left")
        await played.sees("○ train  ● eval", "● no_grad", "○ off  ○ bfloat16  ● float16")
        line = form(played).query(ChoiceLine)[3]
        label = len(line.label)
        await played.pilot.click(line, offset=(label + len("  ● as made  ○ f"), 0))
        await played.sees("○ as made  ● float32")
        await played.press("tab", "space", "enter")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        mode = RunMode("eval", "no_grad", "float16", "float32", "once")
        assert played.asked(SetInputs)[-1].mode == mode
        await played.reported("--eval --no-grad --autocast float16 --input-dtype float32 --warm")
        await played.press("ctrl+r")
        await played.until(lambda: len(played.asked(OpenSource)) == 2, "opened again")
        assert played.asked(OpenSource)[-1].mode == mode


@pytest.mark.slow
async def test_a_forward_without_arguments_has_a_mode_too() -> None:
    engine = AppEngine()
    engine.inputs = InputFields(fields=[])
    async with opened(engine=engine) as played:
        await played.press("I", "left", "enter")
        await played.until(lambda: played.asked(SetInputs), "set")
        assert played.asked(SetInputs)[0].mode == RunMode(training="eval")


async def test_an_argument_that_is_needed_says_so_once_and_what_may_be_written() -> None:
    engine = several()
    engine.inputs = InputFields(fields=[InputField(name="ids", required=True)])
    async with opened(engine=engine) as played:
        await played.press("6", "i")
        await played.sees("ids  required", "such as 2x20, or = and code")
        assert played.text.count("required") == 1


async def test_the_line_on_top_says_in_which_mode_f_runs_where_that_is_not_the_networks() -> None:
    engine = AppEngine()
    engine.summary_fields["run_mode"] = RunMode("eval", "no_grad")
    async with opened(engine=engine, size=(120, 30)) as played:
        await played.sees("train  f: eval, no_grad")
