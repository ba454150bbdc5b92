"""Whether this terminal can show the explorer, and what to use where it cannot."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable

HINT = "use the headless commands there: modulescope show SOURCE, run SOURCE, console SOURCE"

INSTEAD = (
    "build the model in a file and run `modulescope FILE.py:NAME` in a terminal, "
    "or print it with `modulescope show FILE.py:NAME`"
)


def refusal() -> str | None:
    """One line that says why the explorer cannot start here, or None when it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return f"the explorer needs a terminal, and input or output is none; {HINT}"
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return f"the terminal says it is {os.environ['TERM']!r} and cannot place text; {HINT}"
    return None


def refusal_within() -> str | None:
    """One line that says why `explore()` cannot show anything in this program's terminal, or None when it can."""
    if os.name != "posix":
        return f"explore() needs a POSIX terminal; {INSTEAD}"
    if sys.stdout is None or sys.stdout.closed:
        return "explore() needs standard output, and sys.stdout is closed"
    stream = type(sys.stdout).__module__.partition(".")[0]
    if stream in ("ipykernel", "idlelib", "google"):
        return f"explore() needs a terminal, and this is a notebook or an editor's window; {INSTEAD}"
    if not (os.isatty(0) and os.isatty(1)):
        return f"explore() needs a terminal, and input or output is none; {INSTEAD}"
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return f"the terminal says it is {os.environ['TERM']!r} and cannot place text; {INSTEAD}"
    try:
        behind = os.tcgetpgrp(1) != os.getpgrp()
    except OSError:  # a terminal without jobs
        behind = False
    return f"this program runs in the background: bring it to the front first (fg); {INSTEAD}" if behind else None


def hung_up() -> bool:
    """Whether the terminal is gone: its window was closed, or the connection lost, and no signal said so."""
    if not hasattr(select, "poll") or sys.__stdin__ is None:
        return False
    look = select.poll()
    look.register(sys.__stdin__.fileno(), 0)
    return any(what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, what in look.poll(0))


def survive_odd_bytes() -> None:
    """Have Textual's driver replace bytes that are no UTF-8, which it would end the app for: a paste in Latin-1."""
    from codecs import IncrementalDecoder, getincrementaldecoder

    try:
        from textual.drivers import linux_driver
    except ImportError:  # Windows reads its keyboard in another way
        return

    def decoder_of(encoding: str) -> Callable[[], IncrementalDecoder]:
        return lambda: getincrementaldecoder(encoding)("replace")

    vars(linux_driver)["getincrementaldecoder"] = decoder_of
