"""Folding while recording: groups of equal calls in a row become one group that repeats.

A loop of a million turns takes as much memory as one of two, because each turn is folded away as soon as it is
complete.  Loops within loops fold as well.  Knows nothing of torch.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from .calls import Call

PERIOD = 24
"""Longest turn of a loop that is looked for: so many calls, an inner loop counting as one."""
LIMIT = 100_000
"""Rows kept; calls beyond are only counted."""


@dataclass(slots=True, eq=False)
class _Item:
    """A call, or a loop of several, at the rows from `start` on."""

    start: int
    sort: Hashable
    body: tuple[Hashable, ...] = ()
    """The sorts of one turn; empty for a single call."""
    turns: int = 1


class Folding:
    """The rows of a trace, folded as they come.  Not safe for two threads: the owner holds a lock."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.rows: list[Call] = []
        self.events = 0
        """Calls recorded, each repetition counted."""
        self.dropped = 0
        """Calls beyond the limit."""
        self._limit = limit
        self._items: list[_Item] = []

    def add(self, call: Call) -> None:
        """Record a call that is over."""
        place = self.open(call)
        if place is not None:
            self.close(place)

    def open(self, call: Call) -> int | None:
        """Record a call that goes on; what is added until it is closed happens within it.

        Returns the place to close it by, None beyond the limit.
        """
        self.events += 1
        if len(self.rows) >= self._limit:
            self.dropped += 1
            return None
        self._items.append(_Item(len(self.rows), object()))  # like nothing else, so that it does not fold yet
        self.rows.append(call)
        return len(self._items) - 1

    def close(self, place: int) -> None:
        """The call opened at `place` is over, and all that is told of it is final."""
        item = self._items[place]
        call = self.rows[item.start]
        if not call.failed:
            item.sort = call.sort()
        while self._fold():
            pass

    def row_of(self, place: int) -> int:
        """The index of the row opened at `place`; it stays the same while the call is open."""
        return self._items[place].start

    def _fold(self) -> bool:
        """Fold the last turn into the one before it, if they are alike; the shortest turn first."""
        items = self._items
        last = items[-1].sort
        for period, before in enumerate(reversed(items[-1 - PERIOD : -1]), start=1):
            if before.body and before.body[-1] == last and before.body == self._sorts(-period, None):
                self._merge(before, period)
                return True
            if before.sort == last and len(items) >= 2 * period:
                body = self._sorts(-period, None)
                if self._sorts(-2 * period, -period) == body:
                    self._begin(period, body)
                    return True
        return False

    def _sorts(self, start: int, stop: int | None) -> tuple[Hashable, ...]:
        return tuple(item.sort for item in self._items[start:stop])

    def _begin(self, period: int, body: tuple[Hashable, ...]) -> None:
        """Two turns in a row: make the first a loop and merge the second into it."""
        loop = _Item(self._items[-2 * period].start, None, body)
        self._items[-2 * period : -period] = [loop]
        self._merge(loop, period)

    def _merge(self, loop: _Item, period: int) -> None:
        """Merge the last `period` items, a turn of `loop`, into it."""
        start = self._items[-period].start
        turn = self.rows[start:]
        for row, later in zip(self.rows[loop.start : start], turn, strict=True):
            row.absorb(later)
        del self.rows[start:], self._items[-period:]
        loop.turns += 1
        loop.sort = (loop.body, loop.turns)
