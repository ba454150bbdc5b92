"""The headless commands in a process of their own, and JSON as strict as the standard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def headless(*arguments: str, folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command in `folder` with `given` on its standard input."""
    return subprocess.run(
        command(*arguments), input=given, capture_output=True, text=True, cwd=folder, env=environment(), timeout=120
    )


def strict(text: str) -> dict[str, Any]:
    """One JSON object; NaN and Infinity, which JSON does not have, are errors."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    found = json.loads(text, parse_constant=refuse)
    assert isinstance(found, dict)
    assert next(iter(found.items())) == ("schema", 1)
    return found
