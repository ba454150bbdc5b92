"""Folding while recording: turns of a loop in a row become one turn that repeats, however long a turn is.

A loop of a million turns takes as much memory as one of two, because each turn is folded away as soon as it is
complete.  Loops within loops fold as well, also where the inner one takes another number of turns each time; a call of
a module is one thing with all that happens within it.  `Call.fold_key` says which calls are equal.  Knows nothing of
torch.

Each call stands for itself as a code of 61 bits; sequences are compared by polynomial hashes of their codes, which the
sums from the first item on give in one step (Karp and Rabin 1987).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from .calls import Call
from .loops import Loop, LoopItem, join_turns, loops_in

LIMIT = 40_000
"""Rows kept; calls beyond are only counted."""
SHAPES_UNTIL = 10_000
"""Rows from which on turns that differ in shapes alone are folded too: each row costs about 600 bytes."""
CANDIDATES = 4
"""How many of the last items like the newest one are tried as the end of the turn before, and loops as those that go
on."""
_PRIME = 2**61 - 1
_BASE = 0x1F3D5B79A1C3E5
_POWERS = [1]


@dataclass(slots=True, eq=False)
class _Level:
    """A call that goes on: what happened within it so far.  The outermost one is the whole run."""

    start: int
    items: list[LoopItem] = field(default_factory=list)
    sums: list[int] = field(default_factory=lambda: [0])
    """Hashes of all items before each place; those of the last items may be missing until they are needed."""
    loops: list[int] = field(default_factory=list)
    """Places of those items that are loops."""
    seen: dict[int, list[int]] = field(default_factory=dict)
    """Of each code the places where it came last; some may have been folded since."""
    running: Loop | None = None
    """The last loop, if what came behind it may become another turn of it."""
    matched: int = 0
    """How many things of that turn there are already."""
    bare: int = 0
    """How many of the last rows have no item, which they hardly ever need: the last things of that turn."""
    complete: bool = True
    """Whether everything within it was kept."""

    def catch_up(self) -> None:
        """Make the hashes that are missing, and note where each code came last."""
        items, sums = self.items, self.sums
        for place in range(len(sums) - 1, len(items)):
            code = items[place].code
            sums.append((sums[-1] * _BASE + code) % _PRIME)
            places = self.seen.setdefault(code, [])
            if not places or places[-1] != place:
                places.append(place)
                if len(places) > 4 * CANDIDATES:
                    del places[: -2 * CANDIDATES]

    def cut(self, place: int) -> None:
        """Forget the items from `place` on."""
        del self.items[place:], self.sums[place + 1 :]
        while self.loops and self.loops[-1] >= place:
            self.loops.pop()

    def hash(self, start: int, stop: int) -> int:
        return (self.sums[stop] - self.sums[start] * _power(stop - start)) % _PRIME

    def look_ahead(self) -> None:
        """Find out whether what came behind the last loop may become another turn of it."""
        self.running = None
        if self.loops:
            place = self.loops[-1]
            loop, length = self.items[place].loop, len(self.items) - 1 - place
            assert loop is not None
            if length < len(loop.parts) and self.hash(place + 1, len(self.items)) == loop.begins[length]:
                self.running, self.matched = loop, length


class Folding:
    """Keeps the rows of a trace, folded as they come.  Not safe for two threads: the owner holds a lock.

    Args:
        limit: rows that are kept; calls beyond are only counted.
        shapes_until: rows from which on calls that differ in shapes alone count as equal.
    """

    def __init__(self, limit: int = LIMIT, shapes_until: int = SHAPES_UNTIL) -> None:
        self.rows: list[Call] = []
        self.events = 0
        """Calls recorded, each repetition counted."""
        self.dropped = 0
        """Calls beyond the limit."""
        self._limit = limit
        self._shapes_until = shapes_until
        self._levels = [_Level(-1)]
        self._codes: dict[Hashable, int] = {}

    def add(self, call: Call) -> None:
        """Record a call that is over."""
        self.events += 1
        if len(self.rows) >= self._limit:
            self._drop(call)
            return
        rows, level = self.rows, self._levels[-1]
        loop = level.running
        if loop is None:
            code = self._code(call)
        else:
            part = loop.parts[level.matched]
            alike = part.loop is None and rows[part.start].is_like(call) and not call.failed
            code = part.code if alike else self._code(call)
            if code == part.code:
                if loop.rows == 1 and not part.within:
                    rows[loop.start].absorb(call)
                    loop.turns += 1
                    return
                if loop.is_flat:
                    call.index = len(rows)
                    rows.append(call)
                    level.bare += 1
                    level.matched = matched = level.matched + 1
                    if matched == loop.rows:
                        self._ends_turn(level, loop)
                    return
        if level.bare:
            self._take_bare(level)
        item = LoopItem(len(rows), code)
        call.index = item.start
        rows.append(call)
        self._settle(level, item)

    def open(self, call: Call) -> int | None:
        """Record a call that goes on; what is added until it is closed happens within it.

        Return the place to close it by, the index of its row; None beyond the limit.
        """
        self.events += 1
        if len(self.rows) >= self._limit:
            self._drop(call)
            return None
        self._take_bare(self._levels[-1])
        call.index = len(self.rows)
        self.rows.append(call)
        self._levels.append(_Level(call.index))
        return call.index

    def close(self, place: int) -> None:
        """End the call opened at `place`; all that its row holds is final, so that it may be folded."""
        level = self._levels.pop()
        while level.start != place:  # calls within it whose end was not seen
            level = self._levels.pop()
        self._take_bare(level)
        own = self._code(self.rows[place])
        level.catch_up()
        code = _mixed(own, level.sums[-1], len(level.items)) if level.complete else _mixed(own, place, self.events)
        within = [item for item in level.items if item.loop is not None or item.within]
        self._settle(self._levels[-1], LoopItem(place, code, None, within))

    def row_of(self, place: int) -> int:
        """Return the index of the row opened at `place`; it stays the same while the call is open."""
        return place

    def loops(self) -> list[Loop]:
        """Return the loops, each before those within it, by their first rows."""
        found: list[Loop] = []
        for level in self._levels:
            found += loops_in(level.items)
        return found

    def _drop(self, call: Call) -> None:
        self.dropped += 1
        call.producers, call.statistics, call.subject = (), None, None  # or it would keep all those before it
        for level in self._levels:
            level.complete = False

    def _code(self, call: Call) -> int:
        """Return what stands for all calls like this one; for one that failed something like nothing else."""
        if call.failed:
            return _mixed(self.events, len(self.rows), -1)
        key = call.fold_key() if len(self.rows) < self._shapes_until else call.place_key()
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = _mixed(len(self._codes), 0, 1)
        return code

    def _take_bare(self, level: _Level) -> None:
        """Give the last rows of a level their items, where they have none: the turn breaks off, or has a call in it."""
        if level.bare and level.running is not None:
            parts = level.running.parts[level.matched - level.bare : level.matched]
            level.items += [LoopItem(row, part.code) for row, part in enumerate(parts, len(self.rows) - level.bare)]
            level.bare = 0

    def _ends_turn(self, level: _Level, loop: Loop) -> None:
        """Count a turn that is complete, the last things of which are rows without items."""
        if level.bare < loop.rows:  # the others came before it was known that the loop goes on
            self._take_bare(level)
            self._again(level, loop, level.loops[-1] + 1)
        else:
            rows, place = self.rows, loop.start
            start = len(rows) - loop.rows
            for later in rows[start:]:
                rows[place].absorb(later)
                place += 1
            del rows[start:]
            loop.turns += 1
            level.bare = 0
        level.matched = 0

    def _settle(self, level: _Level, item: LoopItem) -> None:
        """Append what is over, and fold what can be folded then."""
        level.items.append(item)
        loop = level.running
        if loop is not None and loop.parts[level.matched].code == item.code:  # as nearly always in a loop
            level.matched += 1
            if level.matched == len(loop.parts):
                self._again(level, loop, level.loops[-1] + 1)
                level.matched = 0
            return
        level.catch_up()
        while self._goes_on(level) or self._begins(level):
            level.catch_up()
        level.look_ahead()

    def _goes_on(self, level: _Level) -> bool:
        """Merge what came behind a loop into it if that is another turn; or into the loop that its turns end with."""
        count = len(level.items)
        for place in level.loops[: -1 - CANDIDATES : -1]:
            length = count - 1 - place
            loop = level.items[place].loop
            while loop is not None and length:
                if len(loop.parts) == length and loop.body == level.hash(place + 1, count):
                    self._again(level, loop, place + 1)
                    return True
                loop = loop.last
        return False

    def _begins(self, level: _Level) -> bool:
        """Make the last two turns in a row a loop, if there are such; the shortest turn first."""
        items = level.items
        count, code = len(items), items[-1].code
        tried = 0
        for place in reversed(level.seen.get(code, ())):
            if place >= count - 1 or items[place].code != code:
                continue  # folded since
            period = count - 1 - place
            first = count - 2 * period
            if first < 0 or tried >= CANDIDATES:
                return False
            tried += 1
            body = level.hash(count - period, count)
            if level.hash(first, count - period) == body:
                turn, again = items[first : count - period], items[count - period :]
                begins = [level.hash(first, first + length) for length in range(period)]
                loop = Loop(turn[0].start, again[0].start - turn[0].start, body, turn, begins)
                loop.holds_loops = any(item.loop is not None for item in turn)
                loop.is_flat = loop.rows == period and not loop.holds_loops
                self._merge(loop, again)
                level.cut(first)
                # What ran once may be a loop of one turn: a loop of one thing has the code of that.
                level.items.append(LoopItem(loop.start, turn[0].code if period == 1 else _mixed(body, period, 2), loop))
                level.loops.append(len(level.items) - 1)
                return True
        return False

    def _again(self, level: _Level, loop: Loop, place: int) -> None:
        """Count the items from `place` on as another turn of a loop before them."""
        self._merge(loop, level.items[place:])
        loop.turns += 1
        level.cut(place)

    def _merge(self, loop: Loop, turn: list[LoopItem]) -> None:
        """Count the rows of a further turn in those of the loop."""
        rows, start = self.rows, turn[0].start
        place = loop.start
        for later in rows[start:]:
            rows[place].absorb(later)
            place += 1
        assert place == loop.start + loop.rows
        del rows[start:]
        if loop.rows == 1:
            return
        if loop.rows > len(turn) or loop.holds_loops or any(item.loop is not None for item in turn):
            loop.holds_loops, loop.is_flat = True, False
            join_turns(loop.parts, turn)


def _power(exponent: int) -> int:
    while len(_POWERS) <= exponent:
        _POWERS.append(_POWERS[-1] * _BASE % _PRIME)
    return _POWERS[exponent]


def _mixed(*parts: int) -> int:
    """Return a code for several numbers; no sum or multiple of such codes is likely to be another one."""
    code = 0x9E3779B97F4A7C15
    for part in parts:  # the finaliser of SplitMix64 (Steele, Lea and Flood 2014)
        code = (code ^ part) & 0xFFFFFFFFFFFFFFFF
        code = ((code ^ (code >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        code = ((code ^ (code >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        code ^= code >> 31
    return code % _PRIME
