"""Search in a list of paths, as it is typed.  Pure Python: knows nothing of torch.

The words of a query, split at spaces, must each match, in any order and in any case.  A word matches where it occurs;
only when it occurs nowhere does it match fuzzily, its characters in order with gaps.  So a precise word is never
drowned in accidental matches, and a sloppy one still finds something.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from .search_score import fold_case, score

SHORTLIST = 500
"""How many hits are scored at most: first those whose last component starts with a word, then those it occurs in."""


@dataclass(slots=True)
class _Found:
    """What was left after one word of the last query."""

    word: str
    hits: Sequence[int]
    literal: bool
    """Whether the word occurs as it is, or only with gaps."""


class Searcher:
    """Searches `paths`; remembers the last query, so that typing on only narrows.  For use by one thread at a time."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._folded = [fold_case(path) for path in paths]
        self._last = [path.rpartition(".")[2] for path in self._folded]
        self._chain: list[_Found] = []

    def hits(self, query: str) -> list[int]:
        """Numbers of the paths that match, ascending; none for an empty query."""
        words = fold_case(query).split()
        if not words:
            return []
        pool: Sequence[int] = range(len(self._paths))
        chain: list[_Found] = []
        same = True
        for number, word in enumerate(words):
            before = self._chain[number] if same and number < len(self._chain) else None
            same = before is not None and before.word == word
            found = before if same and before is not None else self._match(word, pool, before)
            chain.append(found)
            pool = found.hits
        self._chain = chain
        return list(pool)

    def best(self, query: str, limit: int) -> list[tuple[int, list[int]]]:
        """The best `limit` hits, best first, each with the ascending indices into its path that matched."""
        hits = self.hits(query)
        words = [(found.word, found.literal) for found in self._chain] if hits else []
        whole = fold_case(query.strip())
        scored = []
        for index in self._shortlist(hits, [word for word, _ in words], max(limit, SHORTLIST)):
            points, positions = score(self._paths[index], self._folded[index], words, whole)
            scored.append((-points, len(self._paths[index]), index, positions))
        return [(index, positions) for _, _, index, positions in nsmallest(limit, scored)]

    def next(self, query: str, index: int, step: int) -> int | None:
        """The hit after (`step` 1) or before (-1) path number `index`, wrapping; None when nothing matches."""
        hits = self.hits(query)
        if not hits:
            return None
        place = bisect_right(hits, index) if step > 0 else bisect_left(hits, index) - 1
        return hits[place % len(hits)]

    def _match(self, word: str, pool: Sequence[int], before: _Found | None) -> _Found:
        """Those of `pool` that match; `before` is what an earlier word in this place left of the same pool."""
        folded = self._folded
        literal_pool = scattered_pool = pool
        if before is not None and word.startswith(before.word):
            if before.literal:
                literal_pool = before.hits
            else:
                literal_pool, scattered_pool = (), before.hits
        literal = [index for index in literal_pool if word in folded[index]]
        if literal:
            return _Found(word, literal, True)
        matches = _with_gaps(word)
        return _Found(word, [index for index in scattered_pool if matches(folded[index])], False)

    def _shortlist(self, hits: list[int], words: list[str], limit: int) -> list[int]:
        if len(hits) <= limit:
            return hits
        last = self._last
        chosen: dict[int, None] = {}
        for likely in (_equal, _starting, _containing):
            for word in reversed(words):
                chosen.update(dict.fromkeys(likely(hits, last, word)[:limit]))
                if len(chosen) >= limit:
                    return list(chosen)
        return list({**chosen, **dict.fromkeys(hits[:limit])})


def _equal(hits: list[int], last: list[str], word: str) -> list[int]:
    return [index for index in hits if last[index] == word]


def _starting(hits: list[int], last: list[str], word: str) -> list[int]:
    return [index for index in hits if last[index].startswith(word)]


def _containing(hits: list[int], last: list[str], word: str) -> list[int]:
    return [index for index in hits if word in last[index]]


def _with_gaps(word: str) -> Callable[[str], object]:
    """Anchored and without choices for the engine to try again: linear in the length of the path."""
    return re.compile("".join(f"[^{re.escape(char)}]*{re.escape(char)}" for char in word)).match
