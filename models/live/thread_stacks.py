"""The stacks of all threads, inspected while those threads run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from ..work.gc_paused import gc_paused

R = TypeVar("R")


def inspect_stacks(inspect: Callable[[dict[int, FrameType]], R]) -> R:
    """Return what `inspect` returns for the innermost frames of all threads, by thread identifier.

    `inspect` must not keep the frames.

    Python 3.11 creates frame objects on access.  Creating one may start a garbage collection, which may let the other
    thread run and leave the frame: what is then read is whatever lies there now, of any type.  So the collector is
    paused meanwhile.  (`_PyFrame_MakeAndSetFrameObject` in CPython's `Python/frame.c`; from 3.12 on
    collections run between bytecodes only.)
    """
    with gc_paused():
        return inspect(sys._current_frames())
