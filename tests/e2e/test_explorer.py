"""The whole program in a real terminal: open, search, copy, forward, backward, a loop interrupted, an engine killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from cases import slow
from pseudo_terminal import Terminal, wait_dead

READY = "● ready"


@pytest.fixture
def terminal(own_state: Path) -> Terminal:
    return Terminal("rgnet", "--seed", "0", state=own_state)


def leave_console(t: Terminal) -> None:
    """Escape, and wait until it took effect: a letter right behind it would be read as Alt and that letter."""
    t.press("escape")
    t.wait_for("▌Modules")


def test_open_search_and_copy(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for("309 parameters", "block 3", READY)
        t.press("/")
        t.wait_for("part of a path")
        t.press("1 0 bias")
        t.wait_for("0.block 1.0.bias")
        t.press("enter")
        t.wait_for("8 elements", "[8] float32")
        t.press("y")
        t.wait_for("copied 0.block 1.0.bias")
        assert t.clipboard() == ["0.block 1.0.bias"]
        t.press("Y")
        t.wait_for("net[0][1][0].bias", "get_parameter")
        t.press("2")
        t.wait_until(lambda: len(t.clipboard()) == 2, "a second copy")
        assert t.clipboard()[1] == "net[0][1][0].bias"


def test_forward_and_backward(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press("2")
        t.wait_for("none yet")
        t.press("f")
        t.wait_for("Calls 23", "Linear")
        t.press("b")
        t.wait_gone("none yet")
        t.press("z")
        t.wait_for("none yet", "cleared 18 gradients")
        t.press("u")
        t.wait_gone("none yet")


@pytest.mark.slow
def test_backward_without_a_result_runs_forward_first(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press("2")
        t.wait_for("none yet")
        t.press("b")
        t.wait_for("Calls 23")
        t.wait_gone("none yet")


def test_console_changes_values_and_undo_takes_it_back(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press(">", "rgnet[0][1][0].bias.data[0] = 12345", "enter")
        t.wait_for("changed: 0.block 1.0.bias")
        t.press("rgnet[0][1][0].bias.data.max().item()", "enter")
        t.wait_for("12345.0")
        leave_console(t)
        t.press("u")
        t.wait_for("took back")
        t.press(">", "rgnet[0][1][0].bias.data.max().item() < 1", "enter")
        t.wait_for("True")


def test_an_endless_loop_is_interrupted_and_the_tree_answers_meanwhile(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press(">", "while True: pass", "enter", "enter")
        t.wait_for("Ctrl+C interrupts")
        leave_console(t)
        t.press("G")
        t.wait_for("[1] float32")  # the values of 1.bias
        t.press("ctrl+c")
        t.wait_for("KeyboardInterrupt", READY)
        t.press(">", "6 * 7", "enter")
        t.wait_for("42")


def test_a_killed_engine_is_reported_and_restarted(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press("G")
        t.wait_for("[1] float32")
        (engine,) = t.engines()
        os.kill(engine.pid, signal.SIGKILL)
        t.wait_for("SIGKILL", "R")
        assert "block 3" in t.text  # what was on the screen is still there
        t.press("R")
        t.wait_for(READY, "309 parameters", "[1] float32")
        assert engine.pid not in [process.pid for process in t.engines()]
        t.press("f")
        t.wait_for("Calls 23")


@pytest.mark.slow
def test_three_interrupts_without_effect_offer_a_kill(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        deaf = "while True:\n  try:\n    print('deaf ' + 'now')\n    while True: pass\n  except BaseException: pass\n"
        t.press(">", "exec(" + repr(deaf) + ")", "enter")
        t.wait_for("Ctrl+C interrupts", "deaf now")  # busy is reported before the loop is there that reacts to nothing
        (engine,) = t.engines()
        for _ in range(3):
            t.press("ctrl+c")
        t.wait_for("does not react")
        t.press("y")
        t.wait_for("R restarts")
        assert not wait_dead([engine])


@pytest.mark.slow
def test_a_crash_in_c_is_reported_with_its_signal(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press(">", "import ctypes; ctypes.string_at(0)", "enter")
        t.wait_for("SIGSEGV")
        assert "block 3" in t.text


@pytest.mark.slow
def test_output_of_c_code_reaches_the_console(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press(">", "import os; n = os.write(1, b'from descr' + b'iptor one')", "enter")
        t.wait_for("from descriptor one")
        t.press("n = os.write(2, b'and descr' + b'iptor two')", "enter")
        t.wait_for("and descriptor two")


def test_catalogue_open_leave_and_open_another(own_state: Path) -> None:
    with Terminal(state=own_state) as t:
        t.wait_for("fixed_hidden_mlp", "2.1.3")
        (engine,) = t.engines()
        t.press("down", "enter")
        t.wait_for("MLP", "7,946 parameters", READY)
        t.press("o")
        t.wait_for("fixed_hidden_mlp", "2.1.3")
        t.press("end", "enter")
        t.wait_for("121 parameters", READY)
        assert [process.pid for process in t.engines()] == [engine.pid]


@pytest.mark.parametrize("how", ["q", slow("hang up"), "kill"])
def test_nothing_is_left_behind(terminal: Terminal, how: str) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        family = t.family()
        assert len(family) >= 2
        if how == "q":
            t.press("q")
            assert t.wait_end() == 0
        elif how == "hang up":
            t.hang_up()
        else:
            family[0].kill()
        if how != "q":
            t.process.wait(20)
        assert not wait_dead(family)


@pytest.mark.slow
def test_nothing_is_left_behind_when_no_signal_shows_that_the_terminal_is_gone(own_state: Path) -> None:
    with Terminal("rgnet", state=own_state, controlling=False) as t:
        t.wait_for(READY, "block 3")
        family = t.family()
        t.hang_up()
        assert not wait_dead(family, timeout=60)


@pytest.mark.slow
def test_nothing_is_left_behind_while_a_loop_runs(terminal: Terminal) -> None:
    with terminal as t:
        t.wait_for(READY, "block 3")
        t.press(">", "sum(range(10**12))", "enter")  # C code that never lets another thread in
        t.wait_for("Ctrl+C interrupts")
        family = t.family()
        family[0].kill()
        assert not wait_dead(family)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[(20, 6), (40, 12)], [(200, 60), (80, 24)]])
def test_every_size_shows_something_and_lives(own_state: Path, sizes: list[tuple[int, int]]) -> None:
    with Terminal("rgnet", size=sizes[0], state=own_state) as t:
        t.wait_for("rgnet")
        t.wait_for("block 0", timeout=30)
        t.screen.reset()
        t.resize(*sizes[1])
        t.wait_for("rgnet", "block 0")
        t.press("f")
        t.resize(120, 40)
        t.wait_for("Calls 23", "block 3")
        t.press("q")
        assert t.wait_end() == 0


LAYERS = """
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(*[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(12)])
"""


@pytest.mark.slow
def test_alike_layers_are_one_row_of_calls_that_is_unfolded_filtered_and_sorted(
    own_state: Path, tmp_path: Path
) -> None:
    (tmp_path / "layers.py").write_text(LAYERS)
    with Terminal(f"{tmp_path}/layers.py:Net", "--input", "2x4", state=own_state) as t:
        t.wait_for(READY)
        t.press("f")
        t.wait_for("Calls 37", "0–11.1", "12 alike")
        t.press("6", "j", "x")
        t.wait_for("▸ Sequential", " 22 ")
        t.press("x")
        t.wait_for("0–11.1")
        t.press("F", "op:tanh ms>=0")
        t.wait_for("12 of 37", "op:tanh ms>=0", " 9.1 ")
        t.press("enter", "S")
        t.wait_for("module▲")
        t.press("F", " mss>1")
        t.wait_for("Did you mean ms>1?")
