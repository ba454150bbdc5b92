"""Room on Python's stack for what recording takes, so that a network may nest as deeply as it does without."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from types import FrameType
from typing import cast

DEEP = 32
"""Calls of modules within each other up to which nobody comes near the limit, and nothing is done."""
PER_CALL = 1
"""Frames that torch takes for a module's call when there are hooks, and not without."""
OURS = 200
"""Frames that a hook of ours may take itself."""


class StackRoom:
    """Raises the recursion limit by what recording takes: what is left for the network's own code stays the same.

    A limit that the network's code sets meanwhile is its own, and stays.

    Args:
        outermost: a frame of the outermost call.
    """

    def __init__(self, outermost: FrameType) -> None:
        self._before = self._set = sys.getrecursionlimit()
        self._base = _frames_below(outermost)
        """Of the program around, which a network that is called by itself would not have under it."""
        # at the very end of the stack a hook cannot be called: torch warns, and the next one makes up for it
        warnings.filterwarnings("ignore", message="global module forward hook with ``always_call=True`` raised")
        self._silence = warnings.filters[0]

    def users(self, depth: int) -> None:
        """Set the limit for code of the network, which runs from now on within `depth` calls of its modules."""
        self._raise(self._base + PER_CALL * depth if depth > DEEP else 0)

    def ours(self, depth: int) -> None:
        """Set the limit for code of ours, which runs from now on within `depth` calls of modules."""
        self._raise(self._base + PER_CALL * depth + OURS)

    def end(self) -> None:
        """Give back the limit that was there."""
        self._raise(0)
        with suppress(ValueError):  # the network's code has put back what it knew
            cast("list[object]", warnings.filters).remove(self._silence)

    def _raise(self, by: int) -> None:
        now = sys.getrecursionlimit()
        if now != self._set:
            self._before = now
        if now != self._before + by:
            try:
                sys.setrecursionlimit(self._before + by)
            except (RecursionError, OverflowError):  # the stack is deeper than that by now: it says so at the next call
                return
        self._set = self._before + by


def _frames_below(frame: FrameType | None) -> int:
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count
