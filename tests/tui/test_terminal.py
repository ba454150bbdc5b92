from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui.terminal import forget_claimed_size, give_back, refusal, terminal_size

ROOT = Path(__file__).resolve().parents[2]


class Stream:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("reads", "writes", "term", "says"),
    [
        (True, True, "xterm-256color", None),
        (True, True, "", None),
        (False, True, "xterm", "needs a terminal"),
        (True, False, "xterm", "needs a terminal"),
        (True, True, "dumb", "'dumb'"),
        (True, True, "unknown", "'unknown'"),
    ],
)
def test_where_the_explorer_cannot_start_the_way_without_it_is_reported(
    monkeypatch: pytest.MonkeyPatch, reads: bool, writes: bool, term: str, says: str | None
) -> None:
    monkeypatch.setattr(sys, "stdin", Stream(reads))
    monkeypatch.setattr(sys, "stdout", Stream(writes))
    monkeypatch.setenv("TERM", term)
    reason = refusal()
    if says is None:
        assert reason is None
    else:
        assert reason is not None
        assert says in reason
        assert "modulescope show SOURCE" in reason
        assert "\n" not in reason


@pytest.mark.parametrize(
    ("environment", "size"),
    [
        ({}, (80, 25)),
        ({"COLUMNS": "100", "LINES": "30"}, (100, 30)),
        ({"COLUMNS": "1000000000", "LINES": "99999"}, (80, 500)),
        ({"COLUMNS": "-1", "LINES": "abc"}, (80, 25)),
        ({"COLUMNS": "9" * 5_000, "LINES": "٣"}, (80, 25)),
    ],
)
def test_a_size_is_within_reason_where_the_terminal_shows_none(
    environment: dict[str, str], size: tuple[int, int]
) -> None:
    read, write = os.pipe()
    try:
        assert terminal_size(read, environment) == size
    finally:
        os.close(read)
        os.close(write)


def test_sizes_that_are_absurd_are_forgotten() -> None:
    environment = {"COLUMNS": "1000000000", "LINES": "abc", "OTHER": "1"}
    forget_claimed_size(environment)
    assert environment == {"OTHER": "1"}


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_what_is_opened_next_is_no_standard_stream(closed: list[int]) -> None:
    code = (
        "import os, sys\n"
        f"for number in {closed}: os.close(number)\n"
        "from tui.terminal import fill_streams\n"
        "fill_streams()\n"
        "os._exit(0 if os.open(os.devnull, os.O_RDONLY) > 2 else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_giving_back_what_is_not_there_changes_nothing() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    give_back(None, terminal=9_999)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_a_shell_above_is_distinguished_from_none() -> None:
    ask = "import sys; sys.path.insert(0, sys.argv[1]); from tui.terminal import shell_above; print(shell_above())"
    program = f"""
import os, subprocess, sys
ask = [sys.executable, "-c", {ask!r}, sys.argv[1]]
subprocess.run(ask)  # of the job of a session's leader, above which is another session
subprocess.run(ask, preexec_fn=os.setpgrp)
if sys.platform == "linux":  # a program between the shell and it
    subprocess.run(["sh", "-c", '"$0" "$@"; true', *ask], preexec_fn=os.setpgrp)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(ROOT)], capture_output=True, text=True, timeout=60, start_new_session=True
    )
    expected = ["False", "True", "True"] if sys.platform == "linux" else ["False", "True"]
    assert done.stdout.split() == expected, done.stderr
