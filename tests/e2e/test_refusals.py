"""What the program says when it cannot or should not start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cases import slow
from pseudo_terminal import ROOT, Terminal


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def test_a_dumb_terminal_is_refused_with_a_hint(own_state: Path) -> None:
    with Terminal("rgnet", environment={"TERM": "dumb"}, state=own_state) as t:
        assert t.wait_end() == 2
        t.wait_until(lambda: b"modulescope show" in t.raw, "the hint")
        assert t.raw.count(b"\n") == 1


def test_no_terminal_is_refused_with_a_hint() -> None:
    done = run("rgnet")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "modulescope show" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "rgnett"], ["rgnett", "rgnet"]),
        slow(["show", "missing.py:Net"], ["missing.py"]),
        (["show"], ["SOURCE"]),
        (["run", "rgnet", "--input", "2by4"], ["2by4"]),
        slow(["run", "rgnet", "--timeout", "-1"], ["-1"]),
        slow(["run", "rgnet", "--timeout", "nan"], ["nan"]),
        (["run", "rgnet", "--bogus\x1b[31m\n"], ["--bogus␛[31m␊"]),
        slow(["run", "rgnet", "--dry", "--backward"], ["--dry", "--backward"]),
        slow(["run", "rgnet", "--inputs", "missing.py:f"], ["missing.py"]),
        slow(["run", "rgnet", "--device", "cuda:99"], ["cuda:99"]),
        slow(["show", "rgnet", "--seed", "1" * 30], ["--seed"]),
        slow(["console"], ["SOURCE"]),
        slow(["--seed", "1" * 30], ["--seed"]),
        (["--seed", "x"], ["--seed", "x"]),
        (["--python", "/nowhere/python", "--engine", "x"], ["--engine"]),
        slow(["show", "rgnet", "--python", "/nowhere/python"], ["/nowhere/python"]),
        slow(["show", "x.pt"], ["x.pt"]),
    ],
)
def test_wrong_use_is_reported_in_one_line(arguments: list[str], words: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("command", ["run", slow("show"), slow("console")])
def test_each_command_has_help_with_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"modulescope {command} " in done.stdout.partition("example:")[2]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_version_and_help_need_no_terminal() -> None:
    assert run("--version").stdout.startswith("modulescope 0.")
    help_text = run("--help").stdout
    assert all(command in help_text for command in ("show", "run", "console", "--input", "--engine"))
