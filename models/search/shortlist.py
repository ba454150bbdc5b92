"""The shortlist of very many hits that are scored: those with a word in their last component first.  Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from .groups import NameGroup, digit_pattern

if TYPE_CHECKING:
    from .loose import Loose
    from .searcher import WordMatches


def shortlist(
    chain: list[WordMatches],
    groups: list[NameGroup],
    loose: Loose,
    limit: int,
    rank: Callable[[int], tuple[int, int, int, list[int]]],
) -> list[int]:
    """Return the indices of at most `limit` of the hits in `chain[-1]`.

    Of more hits, those whose last component is a word of the query come first, then those where it starts with one,
    then contains one; then those of the groups whose first hit has the lowest `rank`.
    """
    found = chain[-1]
    chosen: dict[int, None] = {}

    def take(indices: Iterable[int]) -> bool:
        for index in indices:
            chosen[index] = None
            if len(chosen) >= limit:
                return True
        return False

    if found.count() > limit:
        words = [(each.word, digit_pattern(each.word)) for each in reversed(chain) if each.literal]
        for where in (_equal, _starting, _inside):
            for word, pattern in words:
                parts = [
                    groups[index].indices(these)
                    for index, bitmap in found.groups.items()
                    if (these := where(groups[index], word, pattern) & bitmap)
                ]
                alone = {_equal: loose.equal, _starting: loose.starting, _inside: loose.inside}[where]
                if take(merge(*parts, alone(word, found.loose))):
                    return list(chosen)
    heads = [(next(groups[index].indices(bitmap)), index) for index, bitmap in found.groups.items()]
    if len(heads) <= limit:
        heads.sort(key=lambda each: rank(each[0]))
    rest = (groups[index].indices(found.groups[index]) for _, index in heads)
    alone_too = (loose.indices[hit] for hit in islice(found.loose, limit))
    if not take(islice((head for head, _ in heads), limit // 2)) and not take(islice(alone_too, limit // 2)):
        take(index for part in rest for index in part)
        take(alone_too)
    return list(chosen)


def _equal(group: NameGroup, word: str, pattern: str) -> int:
    start = group.pattern.rfind(".") + 1
    return group.literal(word, pattern, start) if len(group.pattern) - start == len(word) else 0


def _starting(group: NameGroup, word: str, pattern: str) -> int:
    start = group.pattern.rfind(".") + 1
    return group.literal(word, pattern, start, start + len(word)) if group.pattern.startswith(pattern, start) else 0


def _inside(group: NameGroup, word: str, pattern: str) -> int:
    return group.literal(word, pattern, group.pattern.rfind(".") + 1)
