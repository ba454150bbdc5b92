"""Which of very many hits are worth scoring: those with a word in their last component first.  Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from .groups import Group, shape_of

if TYPE_CHECKING:
    from .loose import Loose
    from .searcher import WordMatches


def shortlist(
    chain: list[WordMatches],
    groups: list[Group],
    loose: Loose,
    limit: int,
    rank: Callable[[int], tuple[int, int, int, list[int]]],
) -> list[int]:
    """At most `limit` of the hits in `chain[-1]`: all of them, or first those whose last component is a word of the
    query, then those where it starts with one, holds one; then of the groups whose first hit has the lowest `rank`.
    """
    found = chain[-1]
    chosen: dict[int, None] = {}

    def take(numbers: Iterable[int]) -> bool:
        for number in numbers:
            chosen[number] = None
            if len(chosen) >= limit:
                return True
        return False

    if found.count() > limit:
        words = [(each.word, shape_of(each.word)) for each in reversed(chain) if each.literal]
        for where in (_equal, _starting, _inside):
            for word, shape in words:
                parts = [
                    groups[number].numbers(these)
                    for number, bitmap in found.groups.items()
                    if (these := where(groups[number], word, shape) & bitmap)
                ]
                alone = {_equal: loose.equal, _starting: loose.starting, _inside: loose.inside}[where]
                if take(merge(*parts, alone(word, found.loose))):
                    return list(chosen)
    heads = [(next(groups[number].numbers(bitmap)), number) for number, bitmap in found.groups.items()]
    if len(heads) <= limit:
        heads.sort(key=lambda each: rank(each[0]))
    rest = (groups[number].numbers(found.groups[number]) for _, number in heads)
    alone_too = (loose.numbers[hit] for hit in islice(found.loose, limit))
    if not take(islice((head for head, _ in heads), limit // 2)) and not take(islice(alone_too, limit // 2)):
        take(number for part in rest for number in part)
        take(alone_too)
    return list(chosen)


def _equal(group: Group, word: str, shape: str) -> int:
    start = group.shape.rfind(".") + 1
    return group.literal(word, shape, start) if len(group.shape) - start == len(word) else 0


def _starting(group: Group, word: str, shape: str) -> int:
    start = group.shape.rfind(".") + 1
    return group.literal(word, shape, start, start + len(word)) if group.shape.startswith(shape, start) else 0


def _inside(group: Group, word: str, shape: str) -> int:
    return group.literal(word, shape, group.shape.rfind(".") + 1)
