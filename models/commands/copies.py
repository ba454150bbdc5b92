"""Which process does the work: what the model's code forks is a copy of it, which has nothing to send and nothing
to print."""

from __future__ import annotations

import os

_here: list[int] = []


def begin_here() -> None:
    """Remember that this process does the work from now on."""
    _here[:] = [os.getpid()]


def is_forked() -> bool:
    """Return whether this process was forked by the model's code from the one that does the work."""
    return bool(_here) and _here[0] != os.getpid()
