"""Threads of the user's that may run backward beside us: found by their stacks, and remembered until they are done.

Torch writes `.grad` without the interpreter's lock, and drops that lock while a gradient is freed: reading one in
another thread meanwhile ends the process.
"""

from __future__ import annotations

import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import torch

from .thread_stacks import look_at_stacks

_TORCH = str(Path(torch.__file__).parent) + "/"
_TRAINS = tuple(
    _TORCH + part for part in ("nn/", "optim/", "autograd/", "amp/", "_functorch/", "distributed/fsdp/", "_tensor.py")
)
"""Where a thread that trains spends its time; not those where one that loads data or compiles does."""
_PYTHON = sysconfig.get_path("stdlib")
_OURS = (__package__ or "").partition(".")[0]

SAMPLES = 5
PAUSE = 0.001
"""A thread that is seen for the first time is looked at so often, so many seconds apart."""

_known: set[int] = set()
"""Those that train."""
_seen: set[int] = set()
"""Those that were looked at for long enough."""


def training_threads(without: frozenset[int] = frozenset()) -> set[int]:
    """Threads that were seen in torch's layers, optimizers or backward, ours and those of `without` excepted."""
    mine = threading.get_ident()

    def look(frames: dict[int, FrameType]) -> set[int]:
        others = frames.keys() - {mine} - without
        for thread in others:
            if thread in _known:
                if _rests(frames[thread]):
                    _known.discard(thread)
            elif _trains(frames[thread]):
                _known.add(thread)
        for threads in (_known, _seen):
            threads.intersection_update(frames)
        return _known & others

    return look_at_stacks(look)


def strangers(without: frozenset[int] = frozenset()) -> bool:
    """Whether there are threads that none of our code runs in; new ones are looked at for some milliseconds first."""
    there = _strangers(without)
    if not there <= _seen:
        for _ in range(SAMPLES):
            time.sleep(PAUSE)
            training_threads(without)
        _seen.update(there)
    return bool(there)


def _strangers(without: frozenset[int]) -> set[int]:
    mine = threading.get_ident()

    def look(frames: dict[int, FrameType]) -> set[int]:
        return {
            thread
            for thread, frame in frames.items()
            if thread != mine and thread not in without and not any(map(_is_ours, _names(frame)))
        }

    return look_at_stacks(look)


def note_training() -> None:
    """The calling thread trains."""
    _known.add(threading.get_ident())


def _trains(frame: FrameType | None) -> bool:
    """Whether the innermost code that is torch's or ours is torch's, in a thread that we did not start."""
    inner: bool | None = None
    outermost = ""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if inner is None and _is_ours(name):
            inner = False
        elif inner is None and frame.f_code.co_filename.startswith(_TRAINS):
            inner = True
        if name != "threading":
            outermost = name
        frame = frame.f_back
    return bool(inner) and not _is_ours(outermost)


def _rests(frame: FrameType | None) -> bool:
    """Whether a thread is between two jobs: Python's own code waits, as in a pool of threads."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_PYTHON, "<frozen")) or "site-packages" in file:
            return False
        frame = frame.f_back
    return True


def _names(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == _OURS
