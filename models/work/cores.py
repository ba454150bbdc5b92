"""How many processor cores there are for work on numbers.  Must not import torch."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return how many processor cores this process may use: on Linux those of its affinity mask."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
