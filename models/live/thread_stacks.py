"""The stacks of all threads, to be walked while those threads go on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from ..work.gc_paused import gc_paused

R = TypeVar("R")


def look_at_stacks(look: Callable[[dict[int, FrameType]], R]) -> R:
    """Return what `look` makes of the innermost frames of all threads, by the threads' numbers; it must not keep them.

    Python 3.11 makes a frame an object when it is asked for.  Making one may set off a collection of garbage, and that
    may let the other thread go on and leave the frame: what is then found is whatever lies there now, of any type.
    So nothing is collected meanwhile.  (`_PyFrame_MakeAndSetFrameObject` in CPython's `Python/frame.c`; from 3.12 on a
    collection waits until no C code is at work.)
    """
    with gc_paused():
        return look(sys._current_frames())
