"""Which process does the work: what the model's code forks is a copy of it, which has nobody to tell and nothing to
print."""

from __future__ import annotations

import os

_here: list[int] = []


def begin_here() -> None:
    """This process does the work from now on."""
    _here[:] = [os.getpid()]


def is_copy() -> bool:
    """Whether this is a copy of the process that does."""
    return bool(_here) and _here[0] != os.getpid()
