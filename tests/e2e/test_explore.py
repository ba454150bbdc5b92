"""`explore(net)` from a script, a REPL and a debugger, in a real terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pseudo_terminal import ROOT, Terminal, wait_dead

READY = "● ready"
FIRST_SCREEN = b"\x1b[?1049l"
"""What the terminal is sent when an interface leaves; the emulator itself has one screen only."""

SCRIPT = """
import os, signal, sys, termios, threading
import torch
from torch import nn
from tui import explore

def state():
    return (
        termios.tcgetattr(0), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGPIPE), sys.stdout, sys.stderr,
        sys.argv, list(sys.path), [os.fstat(fd).st_rdev for fd in (0, 1, 2)], sys.displayhook, sys.getswitchinterval(),
        sys.stdout.encoding, sys.stdout.errors, len(os.listdir("/proc/self/fd")), threading.active_count(),
    )

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
X = torch.ones(4, 2)
secret = "of the caller"
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
before = state()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "training.py"


def program(script: Path, rest: str, state: Path, **more: object) -> Terminal:
    script.write_text(SCRIPT + rest)
    return Terminal(command=[sys.executable, str(script)], folder=script.parent, state=state, **more)


def leave(t: Terminal, prompt: bytes = b"") -> None:
    """From the console or the tree: quit, and see the first screen again, and a new `prompt` on it.

    Textual throws away what is typed while it gives the terminal back.
    """
    if "▌Modules" not in t.text:
        t.press("escape")
        t.wait_for("▌Modules")
    before = t.raw.count(FIRST_SCREEN)
    t.press("q")
    t.wait_until(lambda: t.raw.count(FIRST_SCREEN) > before, "the first screen")
    t.wait_until(lambda: prompt in t.raw.rpartition(FIRST_SCREEN)[2], "the prompt")


def interface_of(t: Terminal) -> psutil.Process:
    return next(each for each in t.family() if "tui.attached" in " ".join(each.cmdline()))


def test_what_is_changed_stays_changed_and_all_else_is_as_before(script: Path, own_state: Path) -> None:
    code = """
explore(net, X)
print("weight", net[0].weight[0, 0].item())
after = state()
print("same" if after == before else [pair for pair in zip(before, after) if pair[0] != pair[1]])
input()
explore(net)
print("back again")
print("second time", net[0].bias[1].item(), sys.stdin.readline())
"""
    with program(script, code, own_state) as t:
        t.wait_for(READY, "13 parameters", "explore(net)", "X = float32[4, 2]")
        t.press("f")
        t.wait_for("Calls 4")
        t.press(">", "net[0].weight.data[0, 0] = 12345", "enter")
        t.wait_for("changed: 0.weight")
        t.press("secret, X is args[0], input()", "enter")
        t.wait_for("EOFError")
        t.press("import sys; print('from Python', secret); _ = os.write(2, b'from descriptor two')", "enter")
        t.wait_for("from Python of the caller", "from descriptor two")
        leave(t)
        t.wait_for("weight 12345.0", "same")
        t.press("on", "enter")
        t.wait_for(READY, "torch.rand(2, 2), a guess")
        t.press(">", "net[0].bias.data[1] = 77", "enter")
        t.wait_for("changed: 0.bias")
        leave(t, b"back again")
        t.press("typed", "enter")
        t.wait_for("second time 77.0 typed")
        assert t.wait_end() == 0


@pytest.mark.slow
def test_errors_interrupts_and_looking_anew(script: Path, own_state: Path) -> None:
    with program(script, "explore(net)\nprint('ran', ran)", own_state) as t:
        t.wait_for(READY)
        script.write_text("the file is not read again")
        t.press(">", "import __main__; net(torch.ones(3))", "enter")
        t.wait_for("RuntimeError")
        t.press("while True: pass", "enter", "enter")
        t.wait_for("Ctrl+C interrupts")
        t.press("ctrl+c")
        t.wait_for("KeyboardInterrupt", READY)
        t.press("import time; __main__.ran = 1; time.sleep(1000)", "enter")
        t.wait_for("Ctrl+C interrupts")
        t.press("escape")
        t.wait_for("▌Modules")
        t.press("j", "R")
        t.wait_for("explore(net) is open again, the same object, as it is now", READY)
        t.press(">", "while True: pass", "enter", "enter")
        t.wait_for("Ctrl+C interrupts")
        leave(t)  # which interrupts what runs
        t.wait_for("ran 1")
        assert t.wait_end() == 0


def test_a_crash_of_the_interface_gives_the_terminal_back(script: Path, own_state: Path) -> None:
    code = "explore(net)\nprint('same' if state() == before else (before, state()))\ninput()"
    with program(script, code, own_state) as t:
        t.wait_for(READY)
        interface_of(t).kill()
        t.wait_for("the interface ended with signal 9; your program goes on", "same")
        assert FIRST_SCREEN in t.raw
        assert t.raw.rindex(b"\x1b[?1003l") > t.raw.rindex(b"\x1b[?1003h")


@pytest.mark.slow
def test_a_program_with_more_open_files_than_select_takes(script: Path, own_state: Path) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (1_200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
explore(net)
print("goes on")
"""
    with program(script, code, own_state) as t:
        t.wait_for(READY)
        t.press(">", "for _ in range(3_000): print('x' * 50)", "enter", "enter")  # more than a pipe holds
        t.press("print('all', 'printed')", "enter")
        t.wait_for("all printed")
        leave(t)
        t.wait_for("goes on")
        assert t.wait_end() == 0


@pytest.mark.slow
def test_a_statement_that_closes_all_descriptors_costs_the_explorer_and_not_the_program(
    script: Path, own_state: Path
) -> None:
    code = """
explore(net)
after = state()
print("same" if (after[0], after[7]) == (before[0], before[7]) else (before, after))
print("typed", input())
print("an error", file=sys.stderr)
"""
    with program(script, code, own_state) as t, open(f"/proc/{t.process.pid}/fd/0"):  # as a shell would
        t.wait_for(READY)
        t.press(">", "import os; os.closerange(3, 256)", "enter")
        t.wait_for("the interface ended with status 3; your program goes on", "same")
        t.press("here", "enter")
        t.wait_for("typed here", "an error")
        assert t.wait_end() == 0
        assert "Traceback" not in t.text


@pytest.mark.slow
def test_no_interface_is_left_behind_by_a_program_that_dies(script: Path, own_state: Path) -> None:
    with program(script, "explore(net)", own_state) as t:
        t.wait_for(READY)
        interface = interface_of(t)
        os.kill(t.process.pid, signal.SIGKILL)
        assert not wait_dead([interface])


@pytest.mark.slow
def test_leaving_while_something_cannot_be_interrupted(script: Path, own_state: Path) -> None:
    code = """
class Deaf:
    rest = 3
    def __call__(self):
        while Deaf.rest:
            try:
                print("deaf", Deaf.rest)
                while True: pass
            except KeyboardInterrupt: Deaf.rest -= 1
explore(net)
print("went on", Deaf.rest)
"""
    with program(script, code, own_state) as t:
        t.wait_for(READY)
        t.press(">", "Deaf()()", "enter")
        t.wait_for("deaf 3")
        leave(t)  # which interrupts it once; the terminal is back before it has ended
        t.wait_for("deaf 2")
        t.press("ctrl+c")
        t.wait_for("deaf 1")
        t.press("ctrl+c")
        t.wait_for("went on 0")


def test_in_a_repl_and_a_debugger(own_state: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-i", "-q", "-c", "import torch; from torch import nn; from tui import explore"]
    with Terminal(command=command, folder=tmp_path, state=own_state) as t:
        t.wait_for(">>>")
        t.press("lin = nn.Linear(2, 3)", "enter", "explore(lin)", "enter")
        t.wait_for(READY, "explore(lin)", "9 parameters")
        t.press(">", "lin.bias.data[:] = 4321", "enter")
        t.wait_for("changed: bias")
        leave(t, b">>> ")
        t.press("lin.bias.sum()", "enter")
        t.wait_for("12963")
        t.press("import pdb", "enter")
        t.press("pdb.run('n = 5; m = n')", "enter")
        t.wait_for("(Pdb)")
        t.press("n", "enter")
        t.press("explore({'a.b': lin, 3: nn.ReLU()}, torch.ones(2))", "enter")
        t.wait_for(READY, "a.b", "9 parameters", "ReLU")
        leave(t, b"(Pdb) ")
        t.press("p n + 37", "enter")
        t.wait_for("42")


@pytest.mark.slow
def test_a_project_with_packages_of_our_names(tmp_path: Path, own_state: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("from torch import nn\nclass Theirs(nn.Linear): pass\n")
    (tmp_path / "history.py").write_text("theirs = True\n")
    (tmp_path / "rich.py").write_text("raise ImportError('the interface must not import this')\n")
    script = tmp_path / "train.py"
    script.write_text(
        "import models, history\nfrom models import Theirs\nfrom tui import explore\nnet = Theirs(2, 2)\nexplore(net)\n"
        "assert models.Theirs is Theirs and history.theirs\nprint('theirs still')\n"
    )
    with Terminal(command=[sys.executable, str(script)], folder=tmp_path, state=own_state) as t:
        t.wait_for(READY, "Theirs", "6 parameters")
        t.press("q")
        t.wait_for("theirs still")


@pytest.mark.parametrize("call", ["explore(net)", "explore(5)"])
def test_without_a_terminal_nothing_starts(script: Path, call: str) -> None:
    script.write_text(f"import sys\nfrom tui import explore\nnet = object()\n{call}\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("tui.exploring.NoTerminal: explore() needs a terminal, and input or output is none")
    assert "modulescope FILE.py:NAME" in last
    assert "modulescope show FILE.py:NAME" in last
    assert done.stdout == ""


@pytest.mark.slow
def test_what_has_no_tree_is_reported_before_anything_starts(script: Path, own_state: Path) -> None:
    with program(script, "explore(torch.optim.SGD(net.parameters()))", own_state) as t:
        t.wait_end()
        t.wait_until(lambda: b"TypeError: net is a SGD" in t.raw or b"a SGD, not a network" in t.raw, "the reason")
        assert b"\x1b[?1049h" not in t.raw
