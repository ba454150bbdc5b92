"""Every way of ending: the terminal is given back, the status says what happened, nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from cases import slow
from pseudo_terminal import Terminal, wait_dead

READY = "● ready"
ON = (b"\x1b[?1049h", b"\x1b[?1003h", b"\x1b[?2004h", b"\x1b[?25l")
OFF = (b"\x1b[?1049l", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[?25h")
"""The other screen, the mouse, pastes, the hidden cursor."""


def is_given_back(t: Terminal) -> bool:
    return all(t.raw.rfind(off) > t.raw.rfind(on) for on, off in zip(ON, OFF, strict=True))


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """An editor that never looks at its terminal."""
    editor = tmp_path / "sleeper"
    editor.write_text("#!/bin/sh\necho editing\nsleep 1000\n")
    editor.chmod(0o755)
    return editor


def modes_left(raw: bytes) -> dict[int, bytes]:
    """The private modes that are not as a terminal has them at first: cursor and wrapping on, all others off."""
    last = {int(mode): state for mode, state in re.findall(rb"\x1b\[\?(\d+)([hl])", raw)}
    return {mode: state for mode, state in last.items() if state != (b"h" if mode in (7, 25) else b"l")}


def test_a_terminal_that_can_do_more_is_given_back_whole(own_state: Path, weights: str) -> None:
    with Terminal(weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        t.press("\x1b[?2048;2$y", "\x1b[?2026;2$y")  # what such a terminal answers to Textual's questions
        t.wait_until(lambda: b"\x1b[?1016h" in t.raw, "the mouse in pixels")
        t.press("q")
        assert t.wait_end() == 0
        t.wait_until(lambda: is_given_back(t), "the terminal given back")
        assert modes_left(t.raw) == {}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_a_signal_gives_the_terminal_back(own_state: Path, weights: str, name: str) -> None:
    number = getattr(signal, name)
    with Terminal("rgnet" if name == "SIGTERM" else weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        family = t.family()
        os.kill(t.process.pid, number)
        assert t.wait_end() == 128 + number
        assert not wait_dead(family)
        t.wait_until(lambda: is_given_back(t), "the terminal given back")
        assert b"Traceback" not in t.raw


STUCK = """\
import asyncio, sys
sys.argv = ["modulescope", "rgnet"]
from tui.pinning import pin_models
pin_models()
from tui import ending
from tui.app import ModulescopeApp
def wait_for_ever(app):
    open(__file__ + ".waits", "w").close()
    app.call_later(asyncio.Event().wait)
ModulescopeApp.action_help = wait_for_ever
ending.QUITTING = 1.0
from tui.__main__ import main
sys.exit(main())
"""
"""After `?` the app handles nothing any more."""


def test_the_key_that_quits_ends_an_app_that_waits_for_ever(own_state: Path, tmp_path: Path) -> None:
    script = tmp_path / "stuck.py"
    script.write_text(STUCK)
    with Terminal(command=[sys.executable, str(script)], state=own_state) as t:
        t.wait_for(READY)
        family = t.family()
        t.press("?")
        t.wait_until(Path(f"{script}.waits").exists, "the app waiting")
        t.press("\x11")
        assert t.wait_end() == 0
        assert not wait_dead(family)
        t.wait_until(lambda: is_given_back(t), "the terminal given back")
    report = (own_state / "faults.log").read_text(encoding="utf-8")
    app = report.split(" run_async of ModulescopeApp\n", 1)[1].split("<", 1)[0]
    assert "_get_message" not in app  # which would be waiting for something to do
    assert re.search(r"locks\.py:\d+ wait of Event\n *$", app)


def test_ctrl_c_typed_behind_the_key_that_quits_changes_nothing(own_state: Path, weights: str) -> None:
    with Terminal(weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        t.press("q")
        while t.process.poll() is None:
            t.press("\x03")
            with contextlib.suppress(subprocess.TimeoutExpired):
                t.process.wait(0.005)
        assert t.process.returncode == 0


@pytest.mark.parametrize("keys", [[":"], slow(["/", "b"])])
def test_a_signal_with_another_screen_open(own_state: Path, weights: str, keys: list[str]) -> None:
    with Terminal(weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        before = t.raw
        t.press(*keys)
        t.wait_until(lambda: len(t.raw) > len(before), "the screen")
        family = t.family()
        os.kill(t.process.pid, signal.SIGTERM)
        assert t.wait_end() == 143
        assert not wait_dead(family)
        t.wait_until(lambda: is_given_back(t), "the terminal given back")


def test_a_signal_while_the_engine_lets_nobody_in(own_state: Path) -> None:
    with Terminal("rgnet", state=own_state) as t:
        t.wait_for(READY, "block 3")
        t.press(">", "sum(range(10**12))", "enter")
        t.wait_for("Ctrl+C interrupts")
        family = t.family()
        os.kill(t.process.pid, signal.SIGTERM)
        assert t.wait_end() == 143
        assert not wait_dead(family)
        t.wait_until(lambda: is_given_back(t), "the terminal given back")


@pytest.mark.parametrize("moment", ["the engine runs", "the other screen"])
@pytest.mark.parametrize("number", [signal.SIGTERM, slow(signal.SIGINT)])
def test_a_signal_during_the_start(own_state: Path, moment: str, number: signal.Signals) -> None:
    with Terminal("rgnet", state=own_state) as t:
        if moment == "the engine runs":
            t.wait_until(lambda: bool(t.engines()), moment)
        else:
            t.wait_until(lambda: ON[0] in t.raw, moment)
        family = t.family()
        os.kill(t.process.pid, number)
        assert t.wait_end() == 128 + number
        assert not wait_dead(family)
        if ON[0] in t.raw:
            t.wait_until(lambda: is_given_back(t), "the terminal given back")
        assert b"Traceback" not in t.raw


@pytest.mark.slow
def test_a_terminal_that_goes_without_a_signal_while_output_flows(own_state: Path) -> None:
    with Terminal("rgnet", state=own_state, controlling=False) as t:
        t.wait_for(READY, "block 3")
        t.press(">", "while True: print('x' * 60)", "enter", "enter")
        t.wait_for("xxxxxx")
        family = t.family()
        t.hang_up()
        assert not wait_dead(family)


@pytest.mark.slow
def test_a_terminal_that_stands_still_and_then_goes(own_state: Path) -> None:
    with Terminal("rgnet", state=own_state, controlling=False) as t:
        t.wait_for(READY, "block 3")
        t.press(">", "while True: print('x' * 60)", "enter", "enter")
        t.wait_for("xxxxxx")
        t.stand_still()
        writer = psutil.Process(t.process.pid)
        t.wait_until(lambda: stands(writer), "nothing drawn any more")
        family = t.family()
        t.hang_up()
        assert not wait_dead(family)


def stands(process: psutil.Process) -> bool:
    """Whether a process uses no more time."""
    before = process.cpu_times()
    try:
        process.wait(1)
    except psutil.TimeoutExpired:
        after = process.cpu_times()
        return after.user + after.system - before.user - before.system < 0.05
    return True


def test_a_signal_while_the_terminal_stands_still(own_state: Path) -> None:
    with Terminal("rgnet", state=own_state) as t:
        t.wait_for(READY, "block 3")
        t.press(">", "while True: print('x' * 60)", "enter", "enter")
        t.wait_for("xxxxxx")
        t.stand_still()
        family = t.family()
        os.kill(t.process.pid, signal.SIGTERM)
        assert t.wait_end() == 143
        assert not wait_dead(family)


@pytest.mark.parametrize("moment", [slow("the engine runs"), slow("the other screen"), "help"])
def test_a_terminal_that_goes_without_a_signal(own_state: Path, moment: str) -> None:
    with Terminal("rgnet", state=own_state, controlling=False) as t:
        if moment == "the engine runs":
            t.wait_until(lambda: bool(t.engines()), moment)
        elif moment == "the other screen":
            t.wait_until(lambda: ON[0] in t.raw, moment)
        else:
            t.wait_for(READY, "block 3")
            t.press("?")
        family = t.family()
        t.hang_up()
        assert not wait_dead(family)


@pytest.mark.parametrize("how", ["hang up", slow("SIGTERM")])
def test_an_end_while_the_editor_has_the_terminal(own_state: Path, sleeper: Path, how: str) -> None:
    environment = {"EDITOR": str(sleeper), "VISUAL": ""}
    with Terminal("shared", state=own_state, environment=environment, controlling=how != "hang up") as t:
        t.wait_for(READY)
        t.press("e")
        t.wait_for("editing")
        family = t.family()
        assert any("sleep" in process.name() for process in family)
        if how == "hang up":
            t.hang_up()
        else:
            os.kill(t.process.pid, signal.SIGTERM)
            assert t.wait_end() == 143
            t.wait_until(lambda: is_given_back(t), "the terminal given back")
        assert not wait_dead(family)


@pytest.mark.slow
def test_keys_that_interrupt_the_editor_are_not_ours(own_state: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\ntrap 'echo interrupted; read line; exit 0' INT\necho editing\nsleep 1000\n")
    editor.chmod(0o755)
    with Terminal("shared", state=own_state, environment={"EDITOR": str(editor), "VISUAL": ""}) as t:
        t.wait_for(READY)
        t.press("e")
        t.wait_for("editing")
        t.press("ctrl+c")
        t.wait_for("interrupted")
        t.press("enter")
        t.wait_for(READY, "121 parameters")
        t.press("q")
        assert t.wait_end() == 0


def test_stopped_by_the_shell_and_continued(own_state: Path, weights: str) -> None:
    with Terminal(weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        program = psutil.Process(t.process.pid)
        os.kill(program.pid, signal.SIGTSTP)
        t.wait_until(lambda: program.status() == psutil.STATUS_STOPPED, "stopped")
        t.wait_until(lambda: is_given_back(t), "the terminal given back")
        t.screen.reset()
        os.kill(program.pid, signal.SIGCONT)
        t.wait_for(READY, "block 3")
        t.press("q")
        assert t.wait_end() == 0
        t.wait_until(lambda: is_given_back(t), "the terminal given back")


@pytest.mark.slow
def test_stopped_without_a_word_and_continued(own_state: Path, weights: str) -> None:
    with Terminal(weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        program = psutil.Process(t.process.pid)
        threads = program.num_threads()
        os.kill(program.pid, signal.SIGSTOP)
        t.wait_until(lambda: program.status() == psutil.STATUS_STOPPED, "stopped")
        t.screen.reset()
        os.kill(program.pid, signal.SIGCONT)
        t.wait_for(READY, "block 3")
        assert program.num_threads() <= threads
        for _ in range(10):  # what is typed while the terminal is taken again is thrown away
            t.press("?")
            with contextlib.suppress(AssertionError):
                t.wait_for("Keys", timeout=5)
                break
        t.press("escape")
        t.wait_gone("Keys")
        t.press("q")
        assert t.wait_end() == 0


def test_ended_while_stopped(own_state: Path, weights: str) -> None:
    with Terminal(weights, state=own_state) as t:
        t.wait_for(READY, "block 3")
        family = t.family()
        os.kill(family[0].pid, signal.SIGTSTP)
        t.wait_until(lambda: family[0].status() == psutil.STATUS_STOPPED, "stopped")
        os.kill(family[0].pid, signal.SIGTERM)
        os.kill(family[0].pid, signal.SIGCONT)
        assert t.wait_end() == 143
        assert not wait_dead(family)
        t.wait_until(lambda: is_given_back(t), "the terminal given back")


PROGRAM = """
import os, sys, time
from torch import nn
from tui import explore
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
explore(net)
open("went_on", "w").write("yes")
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["hang up while output flows", "SIGTERM", "SIGINT"])
def test_a_program_that_explores_goes_on(own_state: Path, tmp_path: Path, how: str) -> None:
    script = tmp_path / "train.py"
    script.write_text(PROGRAM)
    command = [sys.executable, str(script)]
    silent = how.startswith("hang up")
    with Terminal(command=command, folder=tmp_path, state=own_state, controlling=not silent) as t:
        t.wait_for(READY, "9 parameters")
        family = t.family()
        interface = next(each for each in family if "tui.attached" in " ".join(each.cmdline()))
        if silent:
            t.press(">", "while True: print('x' * 60)", "enter", "enter")
            t.wait_for("xxxxxx")
            t.hang_up()
        else:
            interface.send_signal(getattr(signal, how))
            t.wait_until(lambda: is_given_back(t), "the terminal given back")
            t.wait_for(f"the interface ended with status {128 + getattr(signal, how)}; your program goes on")
        assert t.wait_end() == 0
        assert (tmp_path / "went_on").read_text() == "yes"
        assert not wait_dead(family)


@pytest.mark.slow
def test_a_program_that_explores_and_is_ended(own_state: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(PROGRAM)
    with Terminal(command=[sys.executable, str(script)], folder=tmp_path, state=own_state) as t:
        t.wait_for(READY, "9 parameters")
        family = t.family()
        os.kill(t.process.pid, signal.SIGTERM)
        assert t.wait_end() == -signal.SIGTERM
        assert not wait_dead(family)
        t.wait_until(lambda: is_given_back(t), "the terminal given back")
