"""What a trace leaves behind: the calls so far, folded, readable from another thread while the run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypedDict

from ..messages import CallRow
from .calls import Call
from .folding import Folding

TELL_EVERY = 0.05
"""Seconds between two calls of `on_grow`."""


class Nonfinite(TypedDict):
    """The first NaN or infinity of a run."""

    phase: str
    """`input` when the network was given it, else `forward`."""
    what: str
    """`NaN` or `infinity`."""
    module: str
    op: str
    where: str | None
    call: int | None
    """Index of the row."""
    tensor: str | None
    """Path of the parameter, buffer or constant that held one before, when the operation read such."""


class Trace:
    """The calls of one run in order of execution."""

    def __init__(self, on_grow: Callable[[int], None] | None = None) -> None:
        self.on_grow = on_grow
        """Told the number of rows in the running thread, at most every 0.05 s and once at the end."""
        self.nonfinite: Nonfinite | None = None
        self.failed: CallRow | None = None
        """The innermost call that raised what ended the network's last call: the operation, or else the module."""
        self.finished = False
        self._folding = Folding()
        self._lock = threading.Lock()
        self._told = 0.0

    def __len__(self) -> int:
        return len(self._folding.rows)

    @property
    def events(self) -> int:
        """Calls recorded, each turn of a folded loop counted."""
        return self._folding.events

    @property
    def calls(self) -> list[Call]:
        """All rows."""
        with self._lock:
            return list(self._folding.rows)

    def page(self, start: int, count: int) -> tuple[int, bool, list[CallRow]]:
        """How many rows there are, whether the run is over, and the rows from `start` on, at most `count`."""
        with self._lock:
            rows = [call.row() for call in self._folding.rows[max(0, start) : max(0, start + count)]]
            return len(self._folding.rows), self.finished, rows

    def add(self, call: Call) -> None:
        """Record an operation that is over."""
        with self._lock:
            self._folding.add(call)
        if self.on_grow is not None:
            self._tell(self.on_grow)

    def open(self, call: Call) -> int | None:
        """Record a module's call that begins; `close` its place when it is over.  None when there is no room."""
        with self._lock:
            place = self._folding.open(call)
        if self.on_grow is not None:
            self._tell(self.on_grow)
        return place

    def close(self, place: int | None) -> None:
        """The call opened at `place` is over."""
        if place is not None:
            with self._lock:
                self._folding.close(place)

    def index(self, place: int) -> int:
        """The row of the open call at `place`."""
        return self._folding.row_of(place)

    def finish(self) -> None:
        """The run is over; tells so once."""
        if self.finished:
            return
        dropped = self._folding.dropped
        if dropped:
            with self._lock:
                last = self._folding.rows[-1]
                last.note = f"{last.note}; " * bool(last.note) + f"{dropped:,} more calls were not kept"
        self.finished = True
        if self.on_grow is not None:
            self.on_grow(len(self))

    def _tell(self, on_grow: Callable[[int], None]) -> None:
        now = time.perf_counter()
        if now - self._told >= TELL_EVERY:
            self._told = now
            on_grow(len(self))
