"""Odd surroundings: each is survived, or reported in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cases import slow
from pseudo_terminal import Terminal

READY = "● ready"
SHELL = ["sh", "-c"]
PROGRAM = '"$0" -m tui "$2"'


@pytest.mark.parametrize(
    ("environment", "script"),
    [
        ({}, f"exec {PROGRAM} 2>&-"),
        slow({}, f"exec {PROGRAM} 2>/dev/null"),
        ({}, f'mkdir "$1/gone"; cd "$1/gone"; rmdir "$1/gone"; exec {PROGRAM}'),
        ({"COLUMNS": "1000000000", "LINES": "-1"}, f"exec {PROGRAM}"),
        slow({"COLUMNS": "9" * 5000, "LINES": "abc"}, f"exec {PROGRAM}"),
    ],
)
def test_the_explorer_shows_as_ever(
    own_state: Path, tmp_path: Path, weights: str, environment: dict[str, str], script: str
) -> None:
    command = [*SHELL, script, sys.executable, str(tmp_path), weights]
    with Terminal(command=command, state=own_state, environment=environment) as t:
        t.wait_for(READY, "block 3")
        t.press("q")
        assert t.wait_end() == 0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (f"{PROGRAM} <&-", "needs a terminal"),
        slow(f"{PROGRAM} >&-", "needs a terminal"),
        (f"set -m; {PROGRAM} & wait $!", "in the background"),
        (f"TERM=dumb {PROGRAM}", "'dumb'"),
    ],
)
def test_where_it_cannot_it_says_so(own_state: Path, script: str, words: str) -> None:
    with Terminal(command=[*SHELL, f"{script}; echo status $?", sys.executable, ".", "rgnet"], state=own_state) as t:
        t.wait_for(words, "status 2")
        assert b"Traceback" not in t.raw


@pytest.mark.slow
@pytest.mark.parametrize("size", [(65_535, 65_535), (1, 1)])
def test_a_terminal_of_absurd_size(own_state: Path, weights: str, size: tuple[int, int]) -> None:
    with Terminal(weights, state=own_state, size=(120, 40)) as t:
        t.wait_for(READY)
        t.size = size
        t._set_size()
        t.resize(120, 40)
        t.wait_for(READY, "block 3")
        t.press("q")
        assert t.wait_end() == 0


def test_an_ascii_terminal_gets_ascii_and_is_reported_once(own_state: Path) -> None:
    with Terminal("rgnet", state=own_state, environment={"LANG": "C", "LC_ALL": "C"}) as t:
        t.wait_for("* ready", "block 3", "LC_ALL=C")
        t.wait_until(lambda: t.text.count("shows ASCII only") == 1, "one notice, which may be drawn anew meanwhile")
        t.press("f")
        t.wait_for("Calls 23")
        t.press("?")
        t.wait_for("Keys")
        t.press("escape")
        t.wait_gone("Keys")
        t.press("q")
        assert t.wait_end() == 0
        assert t.raw.isascii()
        assert b"Traceback" not in t.raw
