"""Work in a child process: every way in which it can end.  No torch here: the child is a few lines of Python."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from models.commands import run
from models.commands.supervisor import WorkEnd
from tests.models.commands.headless import ROOT

PROGRAM = """
import ctypes, itertools, json, os, signal, sys, time
from models.commands.supervisor import supervise

def work(send):
{work}

received = []

def receive(name, values):
    received.append([name, *values])
    if name == "ready":
        print("ready", file=sys.stderr, flush=True)

ending = supervise(work, receive)
print(json.dumps([ending.how, ending.status, received]))
"""


def start(work: str) -> subprocess.Popen[str]:
    program = PROGRAM.format(work=textwrap.indent(textwrap.dedent(work), "    "))
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(work: str) -> list[Any]:
    out, err = start(work).communicate(timeout=60)
    found = json.loads(out)
    assert isinstance(found, list), err
    return found


def test_a_stream_that_cannot_be_flushed_does_not_keep_the_child_from_its_end() -> None:
    work = """
        import atexit
        class Stream:
            def flush(self):
                raise SystemExit
        atexit.register(os.write, 1, b"goes on")
        sys.stdout = sys.stderr = Stream()
        return 3
    """
    out, err = start(work).communicate(timeout=60)
    assert out == '["done", 3, []]\n', err


def test_a_program_with_more_open_files_than_select_takes() -> None:
    program = """
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (1_200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
from models.commands.supervisor import supervise
print(supervise(lambda send: send("sent") or 3, lambda name, values: print(name)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "sent\nWorkEnd(how='done', status=3)\n", done.stderr


def test_what_is_sent_comes_in_order() -> None:
    how, status, received = ended("for n in range(20_000): send('n', n, '\\ud800\\x1b')\nreturn 3")
    assert (how, status) == ("done", 3)
    assert received == [["n", n, "\ud800\x1b"] for n in range(20_000)]


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ("ctypes.string_at(0)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os._exit(7)", 7),
    ],
)
def test_a_crash_keeps_what_was_sent(ends: str, status: int) -> None:
    assert ended(f"send('call', 1)\n{ends}") == ["crashed", status, [["call", 1]]]


@pytest.mark.parametrize(
    "hangs",
    [
        "while True: pass",
        "ctypes.PyDLL(None).sleep(1000)  # holds Python's lock",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)",
    ],
)
def test_a_deadline_ends_what_never_ends(hangs: str) -> None:
    assert ended(f"send('call', 1)\nsend('clock', 0.2)\n{hangs}") == ["timeout", 0, [["call", 1]]]


def test_a_deadline_can_be_taken_off() -> None:
    assert ended("send('clock', 0.2)\nsend('clock', None)\ntime.sleep(0.5)\nreturn 0")[:2] == ["done", 0]


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (
            "try:\n    send('ready')\n    time.sleep(1000)\nexcept KeyboardInterrupt:\n    send('received')\nreturn 5",
            ["done", 5, [["ready"], ["received"]]],
        ),
        ("send('ready')\nany(itertools.repeat(0))", ["interrupted", 0, [["ready"]]]),
        ("send('ready')\ntime.sleep(1000)", ["interrupted", 0, [["ready"]]]),
        (
            "while 1:\n    try:\n        send('ready')\n        time.sleep(1000)\n    except KeyboardInterrupt: pass",
            ["interrupted", 0, [["ready"], ["ready"]]],
        ),
    ],
)
def test_an_interrupt_is_passed_on_and_cannot_be_ignored(work: str, expected: list[Any]) -> None:
    process = start(work)
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert json.loads(out) == expected


def test_an_error_of_our_own_is_not_swallowed(own_state: Path) -> None:
    out, err = start("raise ZeroDivisionError").communicate(timeout=60)
    assert json.loads(out) == ["done", 2, []]
    line, *rest = err.splitlines()
    assert rest == []  # the traceback is in a file
    assert "a fault of modulescope itself, ZeroDivisionError" in line
    assert line.endswith(f"; please report it, with {own_state / 'faults.log'}")
    assert "ZeroDivisionError" in (own_state / "faults.log").read_text(encoding="utf-8")


def test_an_opening_that_takes_too_long_is_reported_with_the_time_it_had(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "supervise", lambda work, receive: WorkEnd("timeout"))
    monkeypatch.setattr(run, "CommandOutput", lambda: None)
    assert run.main(["rgnet", "--timeout", "6"]) == 124
    assert capsys.readouterr().err == "modulescope: opening took over 26 s\n"
