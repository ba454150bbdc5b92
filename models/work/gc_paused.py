"""Pausing the cyclic garbage collector while many small objects are made that will stay, and making it seldom."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 100
"""Collections of what is young before one may walk all objects, ten times Python's own: 700,000 more objects than are
freed meanwhile.  With still more what a user's loop leaves in cycles, and tensors with it, would stay too long."""


class _Collector:
    """State of the process's collector: the last to leave restores what the first found."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # a finalizer may come here while this thread holds it
        self.inside: set[object] = set()
        self.was_on = False


_COLLECTOR = _Collector()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector within.  May be nested, and entered by several threads.

    Walking a large network makes no garbage, but would set off collections that go through all of torch's objects
    again and again.
    """
    me = object()
    try:
        with _COLLECTOR.lock:
            if not _COLLECTOR.inside:
                _COLLECTOR.was_on = gc.isenabled()
            _COLLECTOR.inside.add(me)
            gc.disable()
        yield
    finally:
        with _COLLECTOR.lock:
            _COLLECTOR.inside.discard(me)
            if not _COLLECTOR.inside and _COLLECTOR.was_on:
                gc.enable()


def collect_seldom() -> None:
    """Have full collections come seldom in this process from now on, and leave alone what there is now.

    One that walks all objects stops every thread.  In an engine these are torch's 160,000 (0.1 s) and, of a run, 34 a
    row: 1 s for 27,000 rows, which stay for as long as the run is kept.
    """
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)


def collect_where_seldom() -> None:
    """Collect the garbage where that comes seldom by itself: what was let go may be large."""
    if gc.get_threshold()[2] == SELDOM:
        gc.collect()
