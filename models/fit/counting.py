"""Numbers count up together: of names that differ in their numbers alone the first is the other side's first.

Backwards where the blocks around them do: `up.3` is `up_blocks.0`, `up.2` is `up_blocks.1`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from .matching import Match, may_be, shape_key
from .names import NUMBER
from .units import Unit

_DIGITS = re.compile(r"[0-9]{1,15}")
_Heads = tuple[str, str]


def counted_together(matches: Sequence[Match]) -> list[Match]:
    """Return matches in which names that differ in their numbers alone, on both sides, are in the order of those.

    Those that were not have no margin: their order alone decides.
    """
    found = list(matches)
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for at, match in enumerate(found):
        groups[_template(match.their), _template(match.our), shape_key(match.our)].append(at)
    backwards = _backwards(found)
    for places in groups.values():
        if len(places) > 1:
            down = _heads(found[places[0]]) in backwards
            theirs = sorted([found[at].their for at in places], key=_numbers(1))
            ours = sorted([found[at].our for at in places], key=_numbers(-1 if down else 1))
            now = {found[at].their: found[at].our for at in places}
            if all(now[their] is our for their, our in zip(theirs, ours, strict=True)):
                continue
            if all(a.count == b.count and may_be(a, b) for a, b in zip(theirs, ours, strict=True)):
                for at, their, our in zip(places, theirs, ours, strict=True):
                    if now[their] is not our:
                        found[at] = Match(their, our, 0.0, alone=False)
    return found


def _template(unit: Unit) -> str:
    return _DIGITS.sub(NUMBER, ".".join(unit.parts))


def _numbers(sign: int) -> Callable[[Unit], tuple[int, ...]]:
    """Return what units are sorted by: their numbers, the first one with this sign."""

    def key(unit: Unit) -> tuple[int, ...]:
        numbers = [int(number) for number in _DIGITS.findall(".".join(unit.parts))]
        return (sign * numbers[0], *numbers[1:]) if numbers else ()

    return key


def _heads(match: Match) -> _Heads:
    """Return what stands before the first number of both."""
    their, our = (_DIGITS.split(".".join(unit.parts), maxsplit=1)[0] for unit in (match.their, match.our))
    return their, our


def _backwards(matches: Iterable[Match]) -> set[_Heads]:
    """Return the heads whose first numbers rather count down on one side while they count up on the other."""
    pairs: dict[_Heads, set[tuple[int, int]]] = defaultdict(set)
    for match in matches:
        firsts = [_DIGITS.search(".".join(unit.parts)) for unit in (match.their, match.our)]
        if firsts[0] and firsts[1]:
            pairs[_heads(match)].add((int(firsts[0][0]), int(firsts[1][0])))
    return {heads for heads, found in pairs.items() if len(found) <= _MOST and _falls(sorted(found))}


_MOST = 200
"""Pairs of numbers of which the direction is asked."""


def _falls(pairs: Sequence[tuple[int, int]]) -> bool:
    steps = [(m > k) - (m < k) for at, (n, k) in enumerate(pairs) for other, m in pairs[at + 1 :] if other > n]
    return sum(steps) < 0
