"""Loops that folding found, and how those within a turn are counted into those of the turn that stands for all.

Knows nothing of torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Loop:
    """Rows that repeat: one turn of a loop, with all its turns counted."""

    start: int
    """The first row of a turn."""
    rows: int
    """How many rows a turn has."""
    body: int
    """The hash of a turn."""
    parts: list[LoopItem]
    """What a turn consists of."""
    begins: list[int]
    """The hashes of its first things: of none, of one, …"""
    turns: int = 2
    """In the last turn of the loop around it, or in all where there is none."""
    least: int | None = None
    """The fewest turns that it took in another turn of the loop around it; None where it ran once."""
    most: int | None = None
    holds_loops: bool = False
    """Whether loops may be among its parts or within them."""
    is_flat: bool = False
    """Whether each of its parts is one row."""

    @property
    def range(self) -> tuple[int, int]:
        """Return the fewest and the most turns that it took each time it ran."""
        return min(self.turns, self.least or self.turns), max(self.turns, self.most or self.turns)

    @property
    def last(self) -> Loop | None:
        """Return the loop that a turn ends with; None where it ends with something else."""
        return self.parts[-1].loop

    def again(self, turns: tuple[int, int], last: int) -> None:
        """Take in that it ran once more, or several times, with so many turns each; `last` in the last of them."""
        least, most = self.range
        self.least, self.most, self.turns = min(least, turns[0]), max(most, turns[1]), last


@dataclass(slots=True, eq=False)
class LoopItem:
    """What comes after one another within a call: an operation, a call with all that happens within it, or a loop."""

    start: int
    """Its first row."""
    code: int
    loop: Loop | None = None
    within: Sequence[LoopItem] = ()
    """Of a call, the loops within it, and the calls that hold some."""


def join_turns(parts: Sequence[LoopItem], later: Sequence[LoopItem]) -> None:
    """Take how many turns the inner loops of a turn took into those of the turn that counts it.

    In a run of very many rows turns are alike by their places alone, and may be made of other loops: these are left.
    """
    if len(parts) != len(later):
        return
    for part, other in zip(parts, later, strict=True):
        if part.loop is None and other.loop is not None:  # it ran once, and now several times
            once = LoopItem(part.start, part.code, None, part.within)
            part.loop = Loop(part.start, other.loop.rows, part.code, [once], [0], turns=1)
        if part.loop is not None:
            inner = other.loop
            part.loop.again((1, 1) if inner is None else inner.range, 1 if inner is None else inner.turns)
            join_turns(
                part.loop.parts,
                [LoopItem(other.start, other.code, None, other.within)] if inner is None else inner.parts,
            )
        elif part.within or other.within:
            _join_within(part, other)


def _join_within(part: LoopItem, other: LoopItem) -> None:
    mine, theirs = {item.start - part.start: item for item in part.within}, list(other.within)
    for item in theirs:
        held = mine.get(item.start - other.start)
        if held is not None:
            join_turns([held], [item])
        else:
            shift = part.start - other.start
            mine[item.start - other.start] = _moved(item, shift)
    for offset in mine.keys() - {item.start - other.start for item in theirs}:
        _ran_once(mine[offset])
    part.within = [mine[offset] for offset in sorted(mine)]


def _ran_once(item: LoopItem) -> None:
    """Take in that the loops here took one turn each, another time."""
    if item.loop is not None:
        item.loop.again((1, 1), 1)
        for part in item.loop.parts:
            _ran_once(part)
    for each in item.within:
        _ran_once(each)


def _moved(item: LoopItem, shift: int) -> LoopItem:
    loop = item.loop
    if loop is not None:
        parts = [_moved(part, shift) for part in loop.parts]
        again = Loop(loop.start + shift, loop.rows, loop.body, parts, loop.begins, loop.turns, 1, loop.most)
        again.holds_loops, again.is_flat = loop.holds_loops, loop.is_flat
        loop = again
    return LoopItem(item.start + shift, item.code, loop, [_moved(each, shift) for each in item.within])


def loops_in(items: Sequence[LoopItem]) -> Iterator[Loop]:
    """Yield the loops among items and within them, each before those within it."""
    for item in items:
        if item.loop is not None:
            yield item.loop
            yield from loops_in(item.loop.parts)
        yield from loops_in(item.within)
