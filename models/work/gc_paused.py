"""Pausing the cyclic garbage collector while many small objects are made that will stay."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
