"""Search in a list of paths, as the query is typed, also in a million of them.  Pure Python.

The words of a query, split at spaces, must each match, in any order and in any case.  A word matches where it occurs;
only when it occurs nowhere does it match fuzzily, its characters in order with gaps.  So a precise word is never
drowned in accidental matches, and a sloppy one still finds something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import compress, repeat

from ..work.cancelled import Cancelled, ShouldCancel, never
from .groups import NameGroup, digit_pattern, group, with_gaps
from .loose import Loose
from .score import fold_case, score
from .shortlist import shortlist

SHORTLIST = 300
"""Hits that are scored at most: see `shortlist`."""

LONGEST_SLOPPY = 64
"""Characters of a word that may match with gaps; a longer one was pasted, and occurs as it is or not at all."""


@dataclass(frozen=True, slots=True)
class WordMatches:
    """The names that match one word and those before it."""

    word: str
    literal: bool
    """Whether the word occurs as it is (True) or only with gaps."""
    groups: dict[int, int]
    """Index of each group with a match, and the bitmap of its members that match."""
    loose: Sequence[int]
    """Hits of `Loose`: the names that match and are in no group."""

    def count(self) -> int:
        """Return how many names match."""
        return sum(bitmap.bit_count() for bitmap in self.groups.values()) + len(self.loose)


class Searcher:
    """Searches `paths`, which must not change.  For use by one thread at a time.

    Remembers what was typed, so that typing on only narrows the search and a backspace costs nothing.  Each method
    raises `Cancelled` when `should_cancel()` returns True, and can be called again.  An empty query matches nothing.
    """

    def __init__(self, paths: Sequence[str], should_cancel: ShouldCancel = never) -> None:
        self._paths = paths
        self._groups, alone = group(paths, should_cancel)
        self._loose = Loose(paths, alone, should_cancel)
        self._longest = max((len(each.pattern) for each in self._groups), default=0)
        self._longest = max(self._longest, max(map(len, self._loose.folded), default=0))
        everything = {index: each.everything for index, each in enumerate(self._groups)}
        self._everything = WordMatches("", True, everything, range(len(alone)))
        self._typed: list[list[WordMatches]] = []
        """For each word, the matches of ever longer beginnings of it, among those of the words before it."""

    def __len__(self) -> int:
        return len(self._paths)

    def total(self, query: str, should_cancel: ShouldCancel = never) -> int:
        """Return how many paths match."""
        chain = self._find(query, should_cancel)
        return chain[-1].count() if chain else 0

    def flags(self, query: str, should_cancel: ShouldCancel = never) -> bytearray:
        """Return for each path 1 where it matches, else 0."""
        flags = bytearray(len(self._paths))
        chain = self._find(query, should_cancel)
        if chain:
            for index, bitmap in chain[-1].groups.items():
                for member in self._groups[index].indices(bitmap):
                    flags[member] = 1
            for hit in chain[-1].loose:
                flags[self._loose.indices[hit]] = 1
        return flags

    def hits(self, query: str, should_cancel: ShouldCancel = never) -> list[int]:
        """Return the indices of the paths that match, ascending."""
        flags = self.flags(query, should_cancel)
        return list(compress(range(len(flags)), flags))

    def best(self, query: str, limit: int, should_cancel: ShouldCancel = never) -> list[tuple[int, list[int]]]:
        """Return the best `limit` hits, best first.

        Each is the index of its path, and the ascending indices of the characters that match.
        """
        chain = self._find(query, should_cancel)
        words = [(found.word, found.literal) for found in chain]
        whole = fold_case(query.strip())

        def points(index: int) -> tuple[int, int, int, list[int]]:
            path = self._paths[index]
            reached, positions = score(path, fold_case(path), words, whole)
            return -reached, len(path), index, positions

        likely = shortlist(chain, self._groups, self._loose, max(limit, SHORTLIST), points) if chain else []
        return [(index, positions) for _, _, index, positions in nsmallest(limit, map(points, likely))]

    def next(self, query: str, index: int, direction: int, should_cancel: ShouldCancel = never) -> int | None:
        """Return the index of the hit after (`direction` 1) or before (-1) path `index`, wrapping; None for none."""
        chain = self._find(query, should_cancel)
        if not chain:
            return None
        if direction > 0:
            nearest = self._nearest(chain[-1], index, True)
            return self._nearest(chain[-1], -1, True) if nearest is None else nearest
        nearest = self._nearest(chain[-1], index, False)
        return self._nearest(chain[-1], len(self._paths), False) if nearest is None else nearest

    def _nearest(self, found: WordMatches, index: int, up: bool) -> int | None:
        of_group, of_loose = (NameGroup.after, self._loose.after) if up else (NameGroup.before, self._loose.before)
        near = [of_group(self._groups[place], bitmap, index) for place, bitmap in found.groups.items()]
        near.append(of_loose(found.loose, index))
        return (min if up else max)((each for each in near if each is not None), default=None)

    def _find(self, query: str, should_cancel: ShouldCancel) -> list[WordMatches]:
        """Return for each word of the query what it leaves of what the ones before it left."""
        pool = self._everything
        chain: list[WordMatches] = []
        for index, word in enumerate(fold_case(query).split()):
            if index == len(self._typed):
                self._typed.append([])
            typed = self._typed[index]
            if not typed or typed[-1].word != word:
                del self._typed[index + 1 :]  # they were searched for among what this word left
                while typed and not word.startswith(typed[-1].word):
                    typed.pop()
            if not typed or typed[-1].word != word:
                typed.append(self._match(word, pool, typed[-1] if typed else None, should_cancel))
            pool = typed[-1]
            chain.append(pool)
        return chain

    def _match(
        self, word: str, pool: WordMatches, before: WordMatches | None, should_cancel: ShouldCancel
    ) -> WordMatches:
        """Return those of `pool` that match; `before` is what a beginning of the word left of the same pool."""
        if len(word) > self._longest:
            return WordMatches(word, False, {}, ())
        if before is None or before.literal:
            narrow = before or pool
            groups = self._literal(word, narrow.groups, should_cancel)
            loose = self._loose.literal(word, narrow.loose, should_cancel)
            if groups or loose or len(word) == 1:
                return WordMatches(word, bool(groups or loose), groups, loose)
        if len(word) > LONGEST_SLOPPY:
            return WordMatches(word, False, {}, ())
        wide = pool if before is None or before.literal else before
        groups = self._scattered(word, wide.groups, should_cancel)
        return WordMatches(word, False, groups, self._loose.scattered(word, wide.loose, should_cancel))

    def _literal(self, word: str, pool: dict[int, int], should_cancel: ShouldCancel) -> dict[int, int]:
        if not word.isascii():
            return {}
        groups, pattern = self._groups, digit_pattern(word)
        near = compress(pool, map(str.__contains__, (groups[index].pattern for index in pool), repeat(pattern)))
        return _matching(near, pool, lambda index: groups[index].literal(word, pattern), should_cancel)

    def _scattered(self, word: str, pool: dict[int, int], should_cancel: ShouldCancel) -> dict[int, int]:
        if not word.isascii():
            return {}
        groups, matches = self._groups, with_gaps(digit_pattern(word))
        near = [index for index in pool if matches(groups[index].pattern)]
        return _matching(near, pool, lambda index: groups[index].scattered(word), should_cancel)


def _matching(
    near: Iterable[int], pool: dict[int, int], members: Callable[[int], int], should_cancel: ShouldCancel
) -> dict[int, int]:
    """Return for each of the groups `near` the bitmap of its matching members in `pool`, where there are any."""
    found = {}
    for index in near:
        if should_cancel():
            raise Cancelled
        bitmap = members(index) & pool[index]
        if bitmap:
            found[index] = bitmap
    return found
