"""`explore()` before anything starts; the rest is in tests/e2e/test_explore.py."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys

import pytest

import tui
from tui.exploring import NoTerminal, _exploring
from tui.terminal import refusal_within


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptors 0 and 1 are a terminal, to all appearances."""
    monkeypatch.setattr(os, "isatty", lambda descriptor: True)
    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", io.StringIO())


def test_a_terminal_is_taken(terminal: None) -> None:
    assert refusal_within() is None


@pytest.mark.parametrize("stream", ["ipykernel.iostream", "idlelib.run"])
def test_a_notebook_is_refused_though_its_kernel_was_started_in_a_terminal(
    terminal: None, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    monkeypatch.setattr(sys, "stdout", type("OutStream", (io.StringIO,), {"__module__": stream})())
    with pytest.raises(NoTerminal, match=r"notebook.*modulescope FILE\.py:NAME.*modulescope show FILE\.py:NAME"):
        tui.explore(5)


def test_a_dumb_terminal_and_the_background(terminal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp() + 1)
    assert "in the background" in str(refusal_within())
    monkeypatch.setenv("TERM", "dumb")
    assert "'dumb'" in str(refusal_within())


def test_only_one_at_a_time_and_only_what_has_a_tree(terminal: None) -> None:
    with _exploring, pytest.raises(RuntimeError, match="explored already"):
        tui.explore(5)
    with pytest.raises(TypeError, match=r"net is an int, not a network: explore\(\) shows an nn\.Module"):
        tui.explore(5)
    assert not _exploring.locked()


def test_importing_it_costs_nothing() -> None:
    program = "import sys; before = set(sys.modules); import tui; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("['tui']", "['__future__', 'tui']")


def test_a_terminal_at_one_end_only_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    try:
        assert os.isatty(theirs)
        monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == 0)
        assert "input or output is none" in str(refusal_within())
    finally:
        os.close(ours)
        os.close(theirs)
