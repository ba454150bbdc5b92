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
"""Seconds of the interval while the main lane works: pure Python there lets a query in within 1 ms instead of 5."""
LONG = 0.05
"""Seconds of the interval within `undisturbed`: longer than the system lets a thread wait for a core."""


class SwitchInterval:
    """The intervals that several threads want at once; the last to leave restores what the first found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: list[list[float]] = []
        """The seconds of each, in a list of one element that is distinguished from the others by identity."""
        self._before = 0.0
        self._set = 0.0
        """Seconds that were set last: an interval that differs was set by the user's code, and stays."""

    @contextmanager
    def wanted(self, seconds: float) -> Iterator[None]:
        """Set the interval within to at most `seconds`, and to more only for `LONG`; restore it at the end."""
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
"""The process's."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep other threads from running Python within, as far as Python allows it: for some microseconds only.

    The garbage collector is paused too: finalizers would let other threads run.
    """
    with gc_paused(), SWITCH_INTERVAL.wanted(LONG):
        time.sleep(0)  # the lock of the interpreter is got anew: from here others wait their whole interval
        yield
    time.sleep(0)  # whoever waits for the long interval is woken
