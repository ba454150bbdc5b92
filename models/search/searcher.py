"""Search in a list of paths, as it is typed, also in a million of them.  Pure Python: knows nothing of torch.

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
from .groups import Group, group, shape_of, with_gaps
from .loose import Loose
from .score import fold_case, score
from .shortlist import shortlist

SHORTLIST = 300
"""How many hits are scored at most: first those whose last component starts with a word, then those it occurs in."""

LONGEST_SLOPPY = 64
"""Characters of a word that is looked for with gaps; longer ones were pasted, and occur as they are or not at all."""


@dataclass(frozen=True, slots=True)
class WordMatches:
    """What was left after one word."""

    word: str
    literal: bool
    """Whether the word occurs as it is, or only with gaps."""
    groups: dict[int, int]
    """Number of a group to the bitmap of its members that match; those without a match are left out."""
    loose: Sequence[int]
    """Places of the names that match and are in no group."""

    def count(self) -> int:
        """How many match."""
        return sum(bitmap.bit_count() for bitmap in self.groups.values()) + len(self.loose)


class Searcher:
    """Searches `paths`, which must not change; remembers what was typed, so that typing on only narrows and a
    backspace costs nothing.  For use by one thread at a time.

    Each question takes `cancelled`, raises `Cancelled` when that says so, and can be asked again.
    """

    def __init__(self, paths: Sequence[str], cancelled: ShouldCancel = never) -> None:
        self._paths = paths
        self._groups, alone = group(paths, cancelled)
        self._loose = Loose(paths, alone, cancelled)
        self._longest = max((len(each.shape) for each in self._groups), default=0)
        self._longest = max(self._longest, max(map(len, self._loose.folded), default=0))
        everything = {number: each.everything for number, each in enumerate(self._groups)}
        self._everything = WordMatches("", True, everything, range(len(alone)))
        self._typed: list[list[WordMatches]] = []
        """For each word, what was found for ever more of its characters, among what the words before it left."""

    def __len__(self) -> int:
        return len(self._paths)

    def total(self, query: str, cancelled: ShouldCancel = never) -> int:
        """How many paths match; none for an empty query."""
        chain = self._find(query, cancelled)
        return chain[-1].count() if chain else 0

    def flags(self, query: str, cancelled: ShouldCancel = never) -> bytearray:
        """For each path 1 where it matches, else 0."""
        flags = bytearray(len(self._paths))
        chain = self._find(query, cancelled)
        if chain:
            for number, bitmap in chain[-1].groups.items():
                for member in self._groups[number].numbers(bitmap):
                    flags[member] = 1
            for hit in chain[-1].loose:
                flags[self._loose.numbers[hit]] = 1
        return flags

    def hits(self, query: str, cancelled: ShouldCancel = never) -> list[int]:
        """Numbers of the paths that match, ascending; none for an empty query."""
        flags = self.flags(query, cancelled)
        return list(compress(range(len(flags)), flags))

    def best(self, query: str, limit: int, cancelled: ShouldCancel = never) -> list[tuple[int, list[int]]]:
        """The best `limit` hits, best first, each with the ascending indices into its path that matched."""
        chain = self._find(query, cancelled)
        words = [(found.word, found.literal) for found in chain]
        whole = fold_case(query.strip())

        def points(index: int) -> tuple[int, int, int, list[int]]:
            path = self._paths[index]
            reached, positions = score(path, fold_case(path), words, whole)
            return -reached, len(path), index, positions

        likely = shortlist(chain, self._groups, self._loose, max(limit, SHORTLIST), points) if chain else []
        return [(index, positions) for _, _, index, positions in nsmallest(limit, map(points, likely))]

    def next(self, query: str, index: int, step: int, cancelled: ShouldCancel = never) -> int | None:
        """The hit after (`step` 1) or before (-1) path number `index`, wrapping; None when nothing matches."""
        chain = self._find(query, cancelled)
        if not chain:
            return None
        if step > 0:
            nearest = self._nearest(chain[-1], index, True)
            return self._nearest(chain[-1], -1, True) if nearest is None else nearest
        nearest = self._nearest(chain[-1], index, False)
        return self._nearest(chain[-1], len(self._paths), False) if nearest is None else nearest

    def _nearest(self, found: WordMatches, index: int, up: bool) -> int | None:
        of_group, of_loose = (Group.after, self._loose.after) if up else (Group.before, self._loose.before)
        near = [of_group(self._groups[number], bitmap, index) for number, bitmap in found.groups.items()]
        near.append(of_loose(found.loose, index))
        return (min if up else max)((each for each in near if each is not None), default=None)

    def _find(self, query: str, cancelled: ShouldCancel) -> list[WordMatches]:
        """What each word leaves of what the ones before it left."""
        pool = self._everything
        chain: list[WordMatches] = []
        for number, word in enumerate(fold_case(query).split()):
            if number == len(self._typed):
                self._typed.append([])
            typed = self._typed[number]
            if not typed or typed[-1].word != word:
                del self._typed[number + 1 :]  # they were searched for among what this word left
                while typed and not word.startswith(typed[-1].word):
                    typed.pop()
            if not typed or typed[-1].word != word:
                typed.append(self._match(word, pool, typed[-1] if typed else None, cancelled))
            pool = typed[-1]
            chain.append(pool)
        return chain

    def _match(self, word: str, pool: WordMatches, before: WordMatches | None, cancelled: ShouldCancel) -> WordMatches:
        """Those of `pool` that match; `before` is what a beginning of the word left of the same pool."""
        if len(word) > self._longest:
            return WordMatches(word, False, {}, ())
        if before is None or before.literal:
            narrow = before or pool
            groups = self._literal(word, narrow.groups, cancelled)
            loose = self._loose.literal(word, narrow.loose, cancelled)
            if groups or loose or len(word) == 1:
                return WordMatches(word, bool(groups or loose), groups, loose)
        if len(word) > LONGEST_SLOPPY:
            return WordMatches(word, False, {}, ())
        wide = pool if before is None or before.literal else before
        groups = self._scattered(word, wide.groups, cancelled)
        return WordMatches(word, False, groups, self._loose.scattered(word, wide.loose, cancelled))

    def _literal(self, word: str, pool: dict[int, int], cancelled: ShouldCancel) -> dict[int, int]:
        if not word.isascii():
            return {}
        groups, shape = self._groups, shape_of(word)
        near = compress(pool, map(str.__contains__, (groups[number].shape for number in pool), repeat(shape)))
        return _matching(near, pool, lambda number: groups[number].literal(word, shape), cancelled)

    def _scattered(self, word: str, pool: dict[int, int], cancelled: ShouldCancel) -> dict[int, int]:
        if not word.isascii():
            return {}
        groups, matches = self._groups, with_gaps(shape_of(word))
        near = [number for number in pool if matches(groups[number].shape)]
        return _matching(near, pool, lambda number: groups[number].scattered(word), cancelled)


def _matching(
    near: Iterable[int], pool: dict[int, int], members: Callable[[int], int], cancelled: ShouldCancel
) -> dict[int, int]:
    """The groups of which members match that are in the pool, too."""
    found = {}
    for number in near:
        if cancelled():
            raise Cancelled
        bitmap = members(number) & pool[number]
        if bitmap:
            found[number] = bitmap
    return found
