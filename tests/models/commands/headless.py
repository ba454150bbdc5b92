"""The headless commands in a process of their own, and JSON as strict as the standard."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def headless(*arguments: str, folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command in `folder` with `given` on its standard input, in a process that need not import torch first.

    What starts, is interrupted or closes its streams as from a shell is run with `command` instead.
    """
    with tempfile.TemporaryDirectory() as kept:
        streams = {name: Path(kept, name) for name in ("in", "out", "err")}
        streams["in"].write_text(given)
        streams["out"].touch()
        streams["err"].touch()
        request = {
            "arguments": arguments,
            "folder": str(folder),
            "environment": environment(),
            "seconds": 120,
            **{name: str(path) for name, path in streams.items()},
        }
        process = prepared()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        status = int(process.stdout.readline())
        out, err = streams["out"].read_text(), streams["err"].read_text()
    return subprocess.CompletedProcess(arguments, status, out, err)


@cache
def prepared() -> subprocess.Popen[str]:
    """The process in which commands start, there until this one ends."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("prepared.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    atexit.register(process.communicate)
    return process


def strict(text: str) -> dict[str, Any]:
    """One JSON object; NaN and Infinity, which JSON does not have, are errors."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    found = json.loads(text, parse_constant=refuse)
    assert isinstance(found, dict)
    assert next(iter(found.items())) == ("schema", 1)
    return found
