"""The calls of a run as an outline: what happened within a call stands below it, layers that are alike are one row.

A loop that was folded while it ran has a row of its own where a turn has several calls.  Layers in a row that do the
same, at the same line with the same shapes, are shown as one: `blocks.0–11`; so are turns of one layer in which only
shapes differ.  What differs from another run is not: how that grows is to be seen.  Nothing is changed in the trace:
each call is still there, and can be shown on its own.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from ..trace.calls import Call
from ..trace.loops import Loop

ALIKE = 3
"""Turns from which on what is alike is shown as one."""
CANDIDATES = 4
"""Lengths of a turn that are tried at each place."""
_NUMBER = re.compile(r"\d+")


@dataclass(slots=True, eq=False)
class Recorded:
    """One call, or a loop of several, as it was recorded."""

    index: int
    """Of its row, of a loop that of its first."""
    children: Sequence[Recorded] = ()
    loop: Loop | None = None
    """Of a loop."""
    code: int = 0
    """Equal for what does the same at the same line, whichever layer it is."""
    shapes: int = 0
    """Equal for what has the same shapes, too."""
    paths: int = 0
    """Equal for what is the same layer."""


@dataclass(slots=True, eq=False)
class OutlineNode:
    """A row that may be shown."""

    members: list[Recorded]
    """What it stands for: several layers that are alike, else one."""
    children: Sequence[OutlineNode]
    key: str
    """Names it for folding."""
    group: str = ""
    """Names those that are alike which it is one of, or stands for; empty for none."""
    is_loop: bool = False
    """Whether it is no call but stands above those of a turn."""
    turns: int = 1
    """Of a loop."""
    is_open: bool = True


def outline(calls: Sequence[Call], loops: Sequence[Loop], toggled: frozenset[str] = frozenset()) -> list[OutlineNode]:
    """Return the outermost rows; `toggled` are the keys of what is not as it is at first.

    At first calls of modules are unfolded, recorded loops are not, and what is alike is shown as one.
    """
    return _Outline(calls, toggled).nodes([[each] for each in _recorded(calls, loops)])


def visible(nodes: Sequence[OutlineNode], level: int = 0) -> Iterator[tuple[int, OutlineNode]]:
    """Yield the rows that are shown, each with its level."""
    for node in nodes:
        yield level, node
        if node.is_open and node.children:
            yield from visible(node.children, level + 1)


def hiding(nodes: Sequence[OutlineNode], index: int) -> tuple[str, ...] | None:
    """Return the key to toggle so that the call `index` comes nearer to having a row; None where there is no such call.

    Nothing is left to toggle when it has one, be it as the first of those that are alike.
    """
    for node in nodes:
        if not node.is_loop and any(member.index == index for member in node.members):
            return () if node.members[0].index == index else (node.group,)
        if not any(member.index <= index <= _end(member) for member in node.members):
            continue
        if not node.is_open:
            return (node.key,)
        if len(node.members) > 1 and not any(each.index == index for each in _below(node.members[0])):
            return (node.group,)
        found = hiding(node.children, index)
        if found is not None:
            return found
    return None


def _below(call: Recorded) -> Iterator[Recorded]:
    for child in call.children:
        yield child
        yield from _below(child)


def _end(call: Recorded) -> int:
    return _end(call.children[-1]) if call.children else call.index


def _recorded(calls: Sequence[Call], loops: Sequence[Loop]) -> Sequence[Recorded]:
    """Return the outermost calls and loops, with codes."""
    roots: list[Recorded] = []
    path: list[tuple[int, Recorded]] = []
    within: dict[int, list[Recorded]] = {}
    for index, call in enumerate(calls):
        made = Recorded(index)
        while path and path[-1][0] >= call.depth:
            path.pop()
        if not path:
            roots.append(made)
        elif (around := path[-1][1]).children:
            within[around.index].append(made)
        else:
            around.children = within[around.index] = [made]
        path.append((call.depth, made))
    starts: dict[int, list[Loop]] = {}
    for loop in loops:
        starts.setdefault(loop.start, []).append(loop)
    found = _with_loops(roots, starts)
    codes = _Codes(calls)
    for root in found:
        codes.give(root)
    return found


def _with_loops(siblings: Sequence[Recorded], starts: dict[int, list[Loop]]) -> Sequence[Recorded]:
    """Put the calls of each loop of several below one."""
    for each in siblings:
        if each.children:
            each.children = _with_loops(each.children, starts)
    if not starts:
        return siblings
    found: list[Recorded] = []
    place = 0
    while place < len(siblings):
        first = siblings[place]
        waiting = starts.get(first.index, [])
        loop, stop = None, place
        while waiting and loop is None:
            loop = waiting.pop(0)
            end = loop.start + loop.rows
            stop = place
            while stop < len(siblings) and siblings[stop].index < end:
                stop += 1
            if stop - place < 2 or _end(siblings[stop - 1]) >= end:
                loop = None  # of one call: its own row says how often
        if loop is None:
            found.append(first)
            place += 1
        else:
            found.append(Recorded(first.index, _with_loops(siblings[place:stop], starts), loop))
            place = stop
    return found


class _Codes:
    """Gives each call its codes, those within it before."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls
        self._patterns: dict[str, str] = {}

    def give(self, made: Recorded) -> None:
        for child in made.children:
            self.give(child)
        call = self._calls[made.index]
        own: Hashable = ()
        shapes: Hashable = ()
        if made.loop is None:
            goes_on = call.seconds is None and call.peak is None
            if call.failed or goes_on or (call.difference is not None and call.difference.differs):
                own = id(made)  # like nothing else
            else:
                tensors = tuple(map(self._pattern, call.tensors))
                own = (self._pattern(call.module), call.op, call.kind, call.where, tensors, call.mode)
                shapes = (call.inputs, call.output, call.repeat > 1)
        children = made.children
        if not children:
            code = made.code = hash((own, made.loop is None))
            made.shapes, made.paths = hash((code, shapes)), hash((code, call.module))
            return
        made.code = hash((own, made.loop is None, *[child.code for child in children]))
        made.shapes = hash((made.code, shapes, *[child.shapes for child in children]))
        made.paths = hash((made.code, call.module, *[child.paths for child in children]))

    def _pattern(self, path: str) -> str:
        found = self._patterns.get(path)
        if found is None:
            found = self._patterns[path] = _NUMBER.sub("*", path)
        return found


@dataclass(slots=True)
class _Outline:
    """Makes rows of calls that are alike."""

    calls: Sequence[Call]
    toggled: frozenset[str]

    def nodes(self, siblings: list[list[Recorded]], group: str = "", closed: bool = False) -> list[OutlineNode]:
        """Return the rows of siblings, each of which may stand for several calls that are alike."""
        found: list[OutlineNode] = []
        place, turning = 0, _Turning([members[0] for members in siblings])
        while place < len(siblings):
            period, turns = turning.repetition(place)
            stop = place + period * turns
            if turns == 1:
                found.append(self._node(siblings[place], group, closed))
            else:
                found += self._alike(siblings[place:stop], period, turns)
            place = stop
        return found

    def _alike(self, siblings: list[list[Recorded]], period: int, turns: int) -> list[OutlineNode]:
        """Return the rows of turns that are alike: as one, or each on its own."""
        key = f"{siblings[0][0].index}a{period}"
        if key in self.toggled:
            return [self._node(members, key, period == 1) for members in siblings]
        merged = [[call for turn in range(turns) for call in siblings[turn * period + at]] for at in range(period)]
        if period == 1:
            return [self._node(merged[0], key)]
        head = Recorded(siblings[0][0].index, [call for members in siblings for call in members])
        node = OutlineNode(
            [head], [self._node(members, key) for members in merged], key, key, is_loop=True, turns=turns
        )
        node.key = f"{key}t"
        node.is_open = node.key not in self.toggled
        return [node]

    def _node(self, members: list[Recorded], group: str = "", closed: bool = False) -> OutlineNode:
        first = members[0]
        key = f"{first.index}l" if first.loop is not None else f"{first.index}c{group}"
        is_loop = first.loop is not None
        node = OutlineNode(members, (), key, group, is_loop, first.loop.turns if first.loop is not None else 1)
        node.is_open = (key in self.toggled) == (is_loop or closed)
        if first.children:
            node.children = self.nodes(
                [[member.children[at] for member in members] for at in range(len(first.children))]
            )
        return node


class _Turning:
    """Finds turns that are alike among siblings; most of what is no turn is seen from its codes alone."""

    def __init__(self, siblings: Sequence[Recorded]) -> None:
        self._codes = [each.code for each in siblings]
        self._shapes = [each.shapes for each in siblings]
        self._paths = [each.paths for each in siblings]
        self._following = _following(self._codes)

    def repetition(self, place: int) -> tuple[int, int]:
        """Return the length of a turn from `place` on, and how many turns like it there are: 1 and 1 for none."""
        other = place
        for _ in range(CANDIDATES):
            other = self._following[other]
            if not other:
                break
            period = other - place
            if not self._may_turn(place, period):
                continue
            turns = 1
            while self._is_alike(place, place + turns * period, period):
                turns += 1
            if turns >= ALIKE:
                return period, turns
        return 1, 1

    def _may_turn(self, place: int, period: int) -> bool:
        """Whether the least number of turns has room, and each ends alike."""
        codes, end = self._codes, place + (ALIKE - 1) * period
        if end + period > len(codes):
            return False
        return codes[place + period - 1] == codes[end + period - 1] and codes[place] == codes[end]

    def _is_alike(self, place: int, other: int, period: int) -> bool:
        """Return whether what stands at both places is the same layers, or others of the same shapes."""
        end, stop = place + period, other + period
        if stop > len(self._codes) or self._codes[place:end] != self._codes[other:stop]:
            return False
        return self._paths[place:end] == self._paths[other:stop] or self._shapes[place:end] == self._shapes[other:stop]


def _following(codes: Sequence[int]) -> list[int]:
    """Return for each place the next one with the same code; 0 where there is none."""
    following = [0] * len(codes)
    last: dict[int, int] = {}
    for place in range(len(codes) - 1, -1, -1):
        code = codes[place]
        following[place] = last.get(code, 0)
        last[code] = place
    return following
