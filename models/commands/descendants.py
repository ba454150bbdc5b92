"""The processes that a child started: they end with the work, whatever they do."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SECONDS = 2.0
"""How long it is looked for further ones: a process may start others until it is killed."""
PAUSE = 0.005


def adopt() -> None:
    """Make processes whose parent ends children of this one (Linux only)."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def kill_children(but: frozenset[int] = frozenset()) -> None:
    """Kill all children of this process, and theirs as they become ours; `but` are left alone, with all below them.

    Does nothing where there is no `/proc`.
    """
    until = time.monotonic() + SECONDS
    while (found := children() - but) and time.monotonic() < until:
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(PAUSE)


def children() -> frozenset[int]:
    """Return the ids of processes whose parent is this one, those that ended and were not waited for included.

    Empty where there is no `/proc`.
    """
    found: list[int] = []
    for listing in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            found += map(int, listing.read_text().split())
    return frozenset(found)
