"""The end of a process, in words for a user."""

from __future__ import annotations

import signal

_MEANING = {
    "SIGSEGV": "segmentation fault",
    "SIGABRT": "abort, as C++ does on an uncaught exception",
    "SIGBUS": "bus error",
    "SIGFPE": "arithmetic error",
    "SIGILL": "illegal instruction",
    "SIGTERM": "asked to end",
    "SIGHUP": "hung up",
    "SIGINT": "interrupted",
}
_SHELL_BASE = 128


def _signal_name(signum: int) -> str:
    try:
        return signal.Signals(signum).name
    except ValueError:
        return f"signal {signum}"


def describe_end(status: int) -> str:
    """Return one line on the exit status that `subprocess` gives: negative for a signal.

    Statuses over 128 are how shells, ssh and container tools pass a signal on: 128 and its number.
    """
    if status > _SHELL_BASE and status - _SHELL_BASE in list(signal.Signals):
        return f"the engine ended with exit status {status}: {_meaning_of(_signal_name(status - _SHELL_BASE))}"
    if status >= 0:
        return f"the engine ended with exit status {status}"
    return f"the engine was ended: {_meaning_of(_signal_name(-status))}"


def _meaning_of(name: str) -> str:
    if name == "SIGKILL":
        return "killed by SIGKILL (often: out of memory)"
    meaning = _MEANING.get(name)
    return f"{meaning} ({name})" if meaning else f"killed by {name}"
