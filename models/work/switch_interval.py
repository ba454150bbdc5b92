"""The interpreter's thread switch interval, which is the process's: changed by several threads, and put back once.

Must not import torch.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .gc_paused import gc_paused

SHORT = 0.0005
"""Seconds, while the main lane works: pure Python there lets a query in within a millisecond instead of five."""
LONG = 0.05
"""Seconds, for what no other thread must come between: longer than the system lets a thread wait for a core."""


class SwitchInterval:
    """Knows who wants which interval; the last one to leave puts back what was there before the first came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: list[list[float]] = []
        """Of each one the seconds, in a list that is told from the others' by identity."""
        self._before = 0.0
        self._set = 0.0
        """What was set last: where there is another one, the user's code set it, and it stays."""

    @contextmanager
    def wanted(self, seconds: float) -> Iterator[None]:
        """At most so many seconds meanwhile; more only where nobody else wants fewer for longer than this lasts."""
        mine = [seconds]
        try:  # an interrupt may come at once
            with self._lock:
                if not self._wanted:
                    self._before = self._set = sys.getswitchinterval()
                self._wanted.append(mine)
                self._apply(seconds)
            yield
        finally:
            with self._lock:
                self._wanted = [each for each in self._wanted if each is not mine]
                self._apply(self._wanted[-1][0] if self._wanted else self._before)

    def _apply(self, seconds: float) -> None:
        if sys.getswitchinterval() == self._set:
            wanted = min(seconds, self._before) if seconds < LONG else seconds
            sys.setswitchinterval(wanted + 1e-7)  # it is cut to microseconds, and what is read may be a hair below
            self._set = sys.getswitchinterval()


SWITCH_INTERVAL = SwitchInterval()


@contextmanager
def undisturbed() -> Iterator[None]:
    """No other thread runs Python meanwhile, as far as Python lets that be had: for some microseconds only.

    No garbage is collected either: finalizers would let others run.
    """
    with gc_paused(), SWITCH_INTERVAL.wanted(LONG):
        time.sleep(0)  # the lock of the interpreter is got anew: from here others wait their whole interval
        yield
    time.sleep(0)  # whoever waits for the long interval is woken
