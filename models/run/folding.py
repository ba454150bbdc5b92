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
class _Loop:
    """Several calls that repeat, at the rows from `start` on."""

    start: int
    body: tuple[Hashable, ...]
    """The sorts of one turn."""
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
        self._items: list[int | _Loop] = []
        """Of a single call the row."""
        self._sorts: list[Hashable] = []
        """Of each item: what another one must have to be told with it."""
        self._ends: list[Hashable] = []
        """Of each item that is a loop the last sort of a turn, else None: with `_sorts` it tells quickly that there is
        nothing to fold."""
        self._numbers: dict[Hashable, int] = {}
        """Sorts of calls are numbered: numbers are compared faster."""

    def add(self, call: Call) -> None:
        """Record a call that is over."""
        self.events += 1
        if len(self.rows) >= self._limit:
            self.dropped += 1
            return
        self._items.append(len(self.rows))
        self._sorts.append(self._sort(call))
        self._ends.append(None)
        self.rows.append(call)
        while self._fold():
            pass

    def open(self, call: Call) -> int | None:
        """Record a call that goes on; what is added until it is closed happens within it.

        Returns the place to close it by, None beyond the limit.
        """
        self.events += 1
        if len(self.rows) >= self._limit:
            self.dropped += 1
            return None
        self._items.append(len(self.rows))
        self._sorts.append(object())  # like nothing else, so that it does not fold yet
        self._ends.append(None)
        self.rows.append(call)
        return len(self._items) - 1

    def close(self, place: int) -> None:
        """The call opened at `place` is over, and all that is told of it is final."""
        self._sorts[place] = self._sort(self.rows[self.row_of(place)])
        while self._fold():
            pass

    def row_of(self, place: int) -> int:
        """The index of the row opened at `place`; it stays the same while the call is open."""
        return _start(self._items[place])

    def _sort(self, call: Call) -> Hashable:
        """A number for all calls like this one; for one that failed something like nothing else."""
        return object() if call.failed else self._numbers.setdefault(call.sort(), len(self._numbers))

    def _fold(self) -> bool:
        """Fold the last turn into the one before it, if they are alike; the shortest turn first."""
        items, sorts = self._items, self._sorts
        last = sorts[-1]
        if last not in sorts[-1 - PERIOD : -1] and last not in self._ends[-1 - PERIOD : -1]:
            return False
        for period in range(1, min(PERIOD, len(items) - 1) + 1):
            before = items[-1 - period]
            if isinstance(before, _Loop) and before.body[-1] == last and before.body == tuple(sorts[-period:]):
                self._merge(before, period)
                return True
            if sorts[-1 - period] == last and len(items) >= 2 * period:
                body = sorts[-period:]
                if sorts[-2 * period : -period] == body:
                    self._begin(period, tuple(body))
                    return True
        return False

    def _begin(self, period: int, body: tuple[Hashable, ...]) -> None:
        """Two turns in a row: make the first a loop and merge the second into it."""
        loop = _Loop(_start(self._items[-2 * period]), body)
        first = slice(-2 * period, -period)
        self._items[first], self._sorts[first], self._ends[first] = [loop], [None], [body[-1]]
        self._merge(loop, period)

    def _merge(self, loop: _Loop, period: int) -> None:
        """Merge the last `period` items, a turn of `loop`, into it."""
        start = _start(self._items[-period])
        turn = self.rows[start:]
        for row, later in zip(self.rows[loop.start : start], turn, strict=True):
            row.absorb(later)
        del self.rows[start:], self._items[-period:], self._sorts[-period:], self._ends[-period:]
        loop.turns += 1
        self._sorts[-1] = (loop.body, loop.turns)


def _start(item: int | _Loop) -> int:
    return item if isinstance(item, int) else item.start
