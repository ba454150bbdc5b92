"""Names that are the same outside a hole: what stands in the holes of two names is a rule that makes them equal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from .names import NUMBER, NameParts, Shapes, Template, is_swapped

_MOST_PAIRS = 5_000
"""Pairs of what stands in one hole, beyond which it says nothing."""
HOLE = 4
"""Parts of a name that a rule takes out or puts in, at most."""

HolePlace = Literal["front", "middle", "end", "everywhere"]


class RenameRule(NamedTuple):
    """Parts `old` of a name of the file become `new`."""

    old: NameParts
    new: NameParts
    place: HolePlace

    def __call__(self, parts: NameParts) -> NameParts:
        """Return the renamed parts, the same where the rule does not apply."""
        old, size = self.old, len(self.old)
        if self.place == "front":
            return self.new + parts[size:] if parts[:size] == old else parts
        if self.place == "end":
            return parts[: len(parts) - size] + self.new if parts[len(parts) - size :] == old else parts
        if self.place == "everywhere":
            return tuple(part for part in parts if part != old[0])
        for at in range(1, len(parts) - size):
            if parts[at : at + size] == old:
                return parts[:at] + self.new + parts[at + size :]
        return parts


class Holes:
    """Which names are the same outside a hole, and what stands in it."""

    def __init__(
        self, ours: Iterable[Template], theirs: Iterable[tuple[NameParts, Template]], network: Shapes, file: Shapes
    ) -> None:
        mine: dict[tuple[NameParts, NameParts], list[tuple[NameParts, Template]]] = defaultdict(list)
        his: dict[tuple[NameParts, NameParts], list[tuple[NameParts, Template]]] = defaultdict(list)
        for template in ours:
            for around, hole in _holes(template.parts):
                mine[around].append((hole, template))
        for parts, template in theirs:
            for around, hole in _holes(parts):
                if around in mine:
                    his[around].append((hole, template))
        self._mine, self._his = mine, his
        self._network, self._file = network, file
        self.votes: Counter[RenameRule] = Counter()
        self._places: dict[RenameRule, list[tuple[tuple[NameParts, NameParts], Template, Template]]] = defaultdict(list)
        for around, theirs_here in his.items():
            if len(theirs_here) * len(mine[around]) > _MOST_PAIRS:  # almost anything fits there
                continue
            for old, their in theirs_here:
                for new, our in mine[around]:
                    self._vote(around, old, new, their, our)

    def _vote(
        self, around: tuple[NameParts, NameParts], old: NameParts, new: NameParts, their: Template, our: Template
    ) -> None:
        if old == new or old.count(NUMBER) != new.count(NUMBER) or not self._alike(their, our):
            return
        before, after = around
        place: HolePlace = "front" if not before else "end" if not after else "middle"
        if place == "middle" and not old:
            return
        rule = RenameRule(old, new, place)
        self.votes[rule] += min(len(their.members), len(our.members))
        self._places[rule].append((around, their, our))

    def _alike(self, their: Template, our: Template) -> bool:
        a = self._file[next(iter(their.members.values()))]
        b = self._network[next(iter(our.members.values()))]
        return len(a) == len(b)

    def rivals(self, rule: RenameRule) -> tuple[Counter[str], int]:
        """Return what else fits in the same holes, with the number of places of each, and how many places there are.

        What only takes away or puts in has rivals of its own length alone: `ema` of `model`.
        """
        found: Counter[str] = Counter()
        places = self._places.get(rule, [])
        for around, their, our in places:
            rival = None
            if rule.new:
                size = None if rule.old else len(rule.new)
                rival = self._rival(self._mine[around], our, rule.old, self._network, size)
            if rival is None and rule.old:
                size = None if rule.new else len(rule.old)
                rival = self._rival(self._his[around], their, rule.new, self._file, size)
            if rival is not None:
                found[".".join(rival)] += 1
        return found, len(places)

    def _rival(
        self,
        others: Iterable[tuple[NameParts, Template]],
        template: Template,
        meant: NameParts,
        shapes: Shapes,
        size: int | None,
    ) -> NameParts | None:
        """Return the first of `others` that has the shape of `template`, and the size, and is not what is meant."""
        numbers, name = next(iter(template.members.items()))
        shape = shapes[name]
        for hole, other in others:
            if other is template or hole == meant or (size is not None and len(hole) != size):
                continue
            there = shapes[other.members.get(numbers) or next(iter(other.members.values()))]
            if there == shape or is_swapped(there, shape):
                return hole
        return None


def _holes(parts: NameParts) -> Iterator[tuple[tuple[NameParts, NameParts], NameParts]]:
    """Yield what stands around each hole of up to four parts, and what stands in it."""
    count = len(parts)
    for at in range(count + 1):
        for end in range(at, min(at + HOLE, count) + 1):
            if at or end < count:
                yield (parts[:at], parts[end:]), parts[at:end]
