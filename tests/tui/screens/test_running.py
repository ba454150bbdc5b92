from __future__ import annotations

import asyncio

import pytest
from cases import slow_but
from fake_app import AppEngine, Played, opened, starting

from models.messages import (
    Backward,
    CallRows,
    CallsGrew,
    Execute,
    Executed,
    Forward,
    Interrupt,
    OutputText,
    Problem,
    Ran,
    Statistics,
    StatisticsOfAll,
    Undo,
)
from tui.screens.confirm import ConfirmScreen
from tui.screens.running import PATIENCE

TRACEBACK = Problem("model", "ZeroDivisionError: division by zero", 'File "<console>", line 1\n    1 / 0')


async def ran(played: Played, text: str, line: str) -> None:
    """Run a statement and wait for a line of the log."""
    await played.type(text)
    await played.until(lambda: line in played.log, line)
    await played.rest()


async def test_a_statement_is_echoed_and_its_value_shown() -> None:
    async with opened() as played:
        await played.press("greater_than_sign")
        await played.rest()
        await played.press(*"6*7", "enter")
        await played.until(lambda: played.log[-2:] == [">>> 6*7", "6*7"], "echo and value")
        assert played.asked(Execute)[0].text == "6*7"
        assert played.explorer.console.prompt.text == ""


async def test_a_problem_is_shown_with_its_traceback_and_nothing_stops() -> None:
    async with opened() as played:
        played.engine.answers[Execute] = lambda body: Executed(problem=TRACEBACK)
        await ran(played, "1 / 0", "✗ ZeroDivisionError: division by zero")
        assert "      1 / 0" in played.log
        played.engine.answers.clear()
        await ran(played, "'after'", "'after'")


async def test_what_was_printed_stands_above_the_value() -> None:
    async with opened() as played:

        def answer(body: Execute) -> Executed:
            for number in range(50):
                played.engine.send(OutputText(stream="stdout", text=f"{number}\n"))
            return Executed(value="the value")

        played.engine.answers[Execute] = answer
        await ran(played, "loop()", "the value")
        assert played.log[-51:] == [*map(str, range(50)), "the value"]


async def test_what_changed_is_reported_marked_and_asked_for_again() -> None:
    async with opened() as played:
        await played.selected("0.block 1.0.bias")
        await played.sees("8 elements")

        def answer(body: Execute) -> Executed:
            played.engine.numbers["0.block 1.0.bias"] = [12345.0] * 8
            played.engine.changed("", "0.block 1.0.bias", values=True)
            return Executed(changed=["0.block 1.0.bias"])

        played.engine.answers[Execute] = answer
        await played.type("net[0][1][0].bias.data[:] = 12345")
        await played.reported("changed: 0.block 1.0.bias")
        await played.sees("12345")
        (line,) = [
            line for line in played.text.splitlines() if "bias" in line and "*" in line.split("│ │ │ │")[-1][:52]
        ]
        assert "[8]" in line


@pytest.mark.slow
async def test_many_changes_are_reported_in_one_line() -> None:
    async with opened() as played:
        paths = [f"p{number}" for number in range(9)]
        played.engine.answers[Execute] = lambda body: Executed(changed=paths)
        await played.type("step()")
        await played.reported("changed: p0, p1, p2, p3 and 5 more")


async def test_while_something_runs_it_is_reported_and_the_panes_answer() -> None:
    async with opened() as played:
        gate = played.engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running == "running", "busy")
        await played.sees("● running")
        await played.selected("1.bias")
        await played.sees("[1] float32")
        gate.set()
        await played.sees("● ready")
        assert played.explorer.running == ""


@pytest.mark.slow
async def test_statements_asked_for_during_a_run_come_in_their_order() -> None:
    async with opened() as played:
        gate = played.engine.hold(Execute)
        for text in ("'a'", "'b'", "'c'"):
            await played.type(text)
        assert played.explorer.pending == 3
        gate.set()
        await played.until(lambda: played.explorer.pending == 0, "all answered")
        assert played.log[-6:] == [">>> 'a'", ">>> 'b'", ">>> 'c'", "'a'", "'b'", "'c'"]


async def test_f_fills_the_calls_and_enter_leads_to_the_module() -> None:
    async with opened() as played:
        await played.sees("6 Calls")
        await played.press("f")
        await played.sees("Calls 18", "0.block 0.0", "Linear")
        await played.reported("forward: [2, 1] float32, grad_fn AddmmBackward0 in 1 ms")
        await played.press("6")
        await played.until(lambda: played.explorer.query_one("CallTable").has_focus, "focus")
        await played.press("G", "enter")
        await played.until(lambda: played.explorer.path == "1", "the module of the last call")


async def test_calls_grow_while_the_run_goes_on() -> None:
    async with opened() as played:
        rows = played.engine.calls()
        gate = played.engine.hold(Forward)
        await played.press("f")
        played.engine.runs[7] = rows[:3]
        played.engine.send(CallsGrew(run=7, total=3))
        await played.sees("Calls 3", "0.block 0.1")
        played.engine.runs[7] = rows[:6]
        played.engine.send(CallsGrew(run=7, total=6))
        await played.sees("Calls 6", "0.block 1.0")
        played.engine.answers[Forward] = lambda body: Ran(run=7, problem=Problem("model", "RuntimeError: no", "text"))
        gate.set()
        await played.reported("✗ RuntimeError: no", "forward failed")
        await played.sees("Calls 6", "● ready")
        assert {body.run for body in played.asked(CallRows)} == {7}


async def test_backward_clearing_and_undo_report_what_they_did() -> None:
    async with opened() as played:
        await played.press("2")
        await played.sees("none yet")
        await played.press("b")  # nothing has run yet
        await played.reported("forward first", "forward: [2, 1]", "backward: 18 parameters have a gradient")
        await played.until(lambda: "none yet" not in played.text, "bars")
        await played.press("z")
        await played.reported("cleared 18 gradients")
        await played.sees("none yet")
        await played.press("u")
        await played.reported("took back: statement")
        await played.press("U")
        await played.reported("did again: statement")


async def test_what_changed_beside_values_is_said_and_what_cannot_be_taken_back() -> None:
    async with opened() as played:
        played.engine.answers[Execute] = lambda body: Executed(effects="training of 0")
        await played.type("net.eval()")
        await played.reported("changed: training of 0   (u takes it back)")
        played.engine.answers[Execute] = lambda body: Executed(
            changed=["1.weight"], effects="hooks of 0", lasting="1.weight: there was no room to keep a copy of it"
        )
        await played.type("both()")
        await played.reported(
            "changed: 1.weight; hooks of 0", "(u cannot take back all of it: 1.weight: there was no room"
        )


@pytest.mark.slow
async def test_interrupting_with_nothing_running_asks_nothing() -> None:
    async with opened() as played:
        await played.press("ctrl+c")
        await played.reported("quits")
        assert played.asked(Interrupt) == []


@pytest.mark.slow
async def test_that_nothing_runs_is_not_said_any_more_when_something_is_interrupted() -> None:
    async with opened() as played:
        played.engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "busy")
        played.explorer.status.message = "nothing runs"  # for some seconds, of the key before
        await played.press("ctrl+c")
        await played.sees("interrupting")
        assert "nothing runs" not in played.text


async def test_an_interrupt_that_works_ends_the_run() -> None:
    async with opened() as played:
        gate = played.engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "busy")
        await played.press("ctrl+c")
        await played.until(lambda: len(played.asked(Interrupt)) == 1, "asked")
        await played.sees("interrupting")
        played.engine.answers[Execute] = lambda body: Executed(problem=Problem("interrupted", "KeyboardInterrupt"))
        gate.set()
        await played.reported("✗ KeyboardInterrupt")
        await played.sees("● ready")
        # The next run counts anew.
        played.engine.hold(Execute).clear()
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "busy")
        await played.press("ctrl+c")
        await played.until(lambda: len(played.asked(Interrupt)) == 2, "asked")
        assert not isinstance(played.app.screen, ConfirmScreen)


@pytest.mark.parametrize("answer", slow_but(1, ["y", "n"]))
async def test_interrupts_without_effect_offer_the_kill(answer: str) -> None:
    async with opened() as played:
        gate = played.engine.hold(Execute)
        await played.type("deaf()")
        await played.until(lambda: played.explorer.running, "busy")
        for count in range(1, PATIENCE):
            await played.press("ctrl+c")
            await played.until(lambda count=count: len(played.asked(Interrupt)) == count, "asked")
            assert not isinstance(played.app.screen, ConfirmScreen)
        await played.press("ctrl+c")
        await played.sees("does not react")
        assert played.engine.kills == 0
        await played.press(answer)
        if answer == "n":
            await played.sees("309 parameters")
            assert played.engine.kills == 0
            gate.set()
            await played.reported("deaf()")
            await played.sees("● ready")
        else:
            await played.until(lambda: played.engine.kills == 1, "killed")
            await played.sees("engine was ended", "block 0", "R restarts")
            assert not any("own fault" in line for line in played.log)


async def test_the_engines_end_keeps_everything_and_R_starts_a_new_one() -> None:
    async with opened() as played:
        await played.press("f")
        await played.sees("Calls 18")
        await played.selected("0.block 1.0.bias")
        await played.sees("8 elements")
        tree = [line.split("│ 1 V")[0][:56] for line in played.text.splitlines()[1:20]]
        log = played.log
        played.engine.end("signal 11 (SIGSEGV)", "Fatal Python error")
        await played.sees("SIGSEGV", "R restarts", "8 elements")
        assert [line.split("│ 1 V")[0][:56] for line in played.text.splitlines()[1:20]] == tree
        assert played.log[: len(log)] == log
        await played.reported("Fatal Python error")
        # Everything can still be pressed.
        await played.press("f", "b", "j", "k", "2", "1", "Y", "escape", "slash", "x", "escape", "ctrl+c")
        await played.type("1 + 1")
        await played.reported("cut off")
        await played.press("escape", "R")
        await played.sees("● ready", "8 elements")
        assert played.engine.starts == 2
        assert played.explorer.path == "0.block 1.0.bias"
        await played.press("f")
        await played.sees("Calls 18")
        assert not any("own fault" in line for line in played.log)


@pytest.mark.slow
async def test_asking_for_undo_with_nothing_to_undo_is_reported() -> None:
    async with opened() as played:
        played.engine.problems[Undo] = Problem("usage", "There is nothing to take back")
        await played.press("u")
        await played.reported("There is nothing to take back")


async def test_backward_that_fails_shows_the_console() -> None:
    async with opened() as played:
        await played.press("6")
        played.engine.answers[Backward] = lambda body: Ran(run=None, problem=TRACEBACK)
        await played.press("b")
        await played.sees("✗ ZeroDivisionError", "1 / 0")


async def test_quitting_while_something_runs_is_quiet() -> None:
    async with opened() as played:
        played.engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "busy")
        played.engine.send(OutputText(stream="stdout", text="x"))
        await played.press("escape", "q")
        await played.until(lambda: played.app.return_code == 0, "ended")
    assert played.engine.client is None or played.engine.client.closed


@pytest.mark.slow
async def test_where_R_is_a_letter_the_way_to_a_new_engine_begins_with_esc() -> None:
    async with opened() as played:
        played.engine.end()
        await played.sees("no engine: R restarts")
        await played.press("R")
        await played.sees("● ready")
        await played.press("greater_than_sign")
        await played.rest()
        played.engine.end()
        await played.sees("no engine: Esc, then R restarts", "Esc, then R starts a new engine and opens again")
        await played.press("escape", "R")
        await played.sees("● ready")


@pytest.mark.slow
async def test_ctrl_z_without_a_shell_says_so() -> None:
    async with opened() as played:
        await played.press("ctrl+z")
        await played.sees("there is no shell to return to")


@pytest.mark.slow
async def test_backward_without_a_run_goes_no_further_than_a_forward_that_fails() -> None:
    async with opened() as played:
        problem = Problem("model", "RuntimeError: no", "text")
        played.engine.answers[Forward] = lambda body: Ran(run=1, problem=problem)
        await played.press("b")
        await played.reported("forward failed")
        await played.rest()
        assert played.asked(Backward) == []


async def test_a_second_backward_runs_nothing_forward() -> None:
    async with opened() as played:
        await played.press("b", "b")
        await played.until(lambda: len(played.asked(Backward)) == 2, "twice")
        assert len(played.asked(Forward)) == 1


@pytest.mark.slow
async def test_that_all_is_ready_is_not_said_while_statistics_are_taken() -> None:
    async with opened() as played:
        await played.sees("● ready")
        gate = played.engine.hold(StatisticsOfAll)
        await played.press("A")
        await played.sees("● statistics")
        assert "● ready" not in played.text
        gate.set()
        await played.until(lambda: not played.explorer.status.background, "taken")
        played.explorer.status.message = ""
        await played.sees("● ready")


@pytest.mark.slow
async def test_that_all_is_ready_is_not_said_while_any_answer_is_owed() -> None:
    async with opened() as played:
        gate = played.engine.hold(Statistics)
        played.explorer.go_to("1.bias")
        await played.sees("● reading")
        assert "● ready" not in played.text
        gate.set()
        await played.sees("● ready")


@pytest.mark.slow
async def test_a_run_that_was_interrupted_did_not_fail() -> None:
    async with opened() as played:
        problem = Problem("interrupted", "Interrupted at net.py:21")
        played.engine.answers[Forward] = lambda body: Ran(run=1, problem=problem)
        await played.press("f")
        await played.sees("forward interrupted", "Interrupted at net.py:21")
        assert "forward failed" not in played.text


@pytest.mark.slow
async def test_a_statement_before_the_engine_is_there_is_not_said_to_be_cut_off() -> None:
    engine = AppEngine()
    engine.start_gate = asyncio.Event()
    async with starting("rgnet", engine=engine) as played:
        await played.press("greater_than_sign", *"net", "enter")
        await played.sees("not done: the engine is still starting")
        assert "There is no engine" not in played.text
        engine.start_gate.set()
        await played.rest()
