"""Threads of the user's that may run backward concurrently: found by their stacks, and remembered until they end.

Torch writes `.grad` without the interpreter's lock, and drops that lock while a gradient is freed: reading one in
another thread meanwhile crashes the process.
"""

from __future__ import annotations

import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import torch

from .thread_stacks import inspect_stacks

_TORCH = str(Path(torch.__file__).parent) + "/"
_TRAINS = tuple(
    _TORCH + part for part in ("nn/", "optim/", "autograd/", "amp/", "_functorch/", "distributed/fsdp/", "_tensor.py")
)
"""Files in which a thread that trains spends its time; not those in which one that loads data or compiles does."""
_PYTHON = sysconfig.get_path("stdlib")
_OURS = (__package__ or "").partition(".")[0]

EXAMINATIONS = 5
"""Times that the stack of a new thread is inspected."""
EXAMINATION_INTERVAL = 0.001
"""Seconds between two of them."""

_training: set[int] = set()
"""Identifiers of threads that train."""
_examined: set[int] = set()
"""Identifiers of threads that were inspected `EXAMINATIONS` times."""


def training_threads(excluding: frozenset[int] = frozenset()) -> set[int]:
    """Return the identifiers of threads found in torch's layers, optimizers or backward.

    The calling thread, threads that this program started, and those in `excluding` are left out.
    """
    current = threading.get_ident()

    def inspect(frames: dict[int, FrameType]) -> set[int]:
        others = frames.keys() - {current} - excluding
        for thread in others:
            if thread in _training:
                if _rests(frames[thread]):
                    _training.discard(thread)
            elif _trains(frames[thread]):
                _training.add(thread)
        for threads in (_training, _examined):
            threads.intersection_update(frames)
        return _training & others

    return inspect_stacks(inspect)


def has_other_threads(excluding: frozenset[int] = frozenset()) -> bool:
    """Return whether there are threads that none of our code runs in, other than this one and those in `excluding`.

    New ones are inspected for some milliseconds first.
    """
    present = _other_threads(excluding)
    if not present <= _examined:
        for _ in range(EXAMINATIONS):
            time.sleep(EXAMINATION_INTERVAL)
            training_threads(excluding)
        _examined.update(present)
    return bool(present)


def _other_threads(excluding: frozenset[int]) -> set[int]:
    current = threading.get_ident()

    def inspect(frames: dict[int, FrameType]) -> set[int]:
        return {
            thread
            for thread, frame in frames.items()
            if thread != current and thread not in excluding and not any(map(_is_ours, _names(frame)))
        }

    return inspect_stacks(inspect)


def mark_training() -> None:
    """Record that the calling thread trains."""
    _training.add(threading.get_ident())


def _trains(frame: FrameType | None) -> bool:
    """Return whether the innermost code that is torch's or ours is torch's, in a thread that we did not start."""
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
    """Return whether a thread is idle: only the standard library's code is on its stack, as in a thread pool."""
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
