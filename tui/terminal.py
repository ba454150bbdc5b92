"""Whether this terminal can show the explorer, and what to use where it cannot."""

from __future__ import annotations

import os
import sys

HINT = "use the headless commands there: modulescope show SOURCE, run SOURCE, console SOURCE"


def refusal() -> str | None:
    """One line that says why the explorer cannot start here, or None when it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return f"the explorer needs a terminal, and input or output is none; {HINT}"
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return f"the terminal says it is {os.environ['TERM']!r} and cannot place text; {HINT}"
    return None
