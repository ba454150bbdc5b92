"""Names of rare patterns, searched one by one, as fast as the interpreter can.  Pure Python."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from operator import contains

from ..work.cancelled import Cancelled, ShouldCancel, never
from .groups import with_gaps
from .score import fold_case

CHUNK = 1 << 12
"""Names that are searched together: they fit the processor's cache until the next text is looked for."""

WEIGHED = 20_000
"""Hits that are ranked by where the word is in them; of more, the first ones."""

_SAMPLE = 1 << 10
"""Names of the sample by which the frequency of a character is estimated."""


class Loose:
    """Those of `paths` at the ascending `indices`; a hit is an index into that list."""

    def __init__(self, paths: Sequence[str], indices: array[int], should_cancel: ShouldCancel = never) -> None:
        self.indices = indices
        self.folded: list[str] = []
        """The paths, each as `fold_case` gives it."""
        for start in range(0, len(indices), CHUNK):
            if should_cancel():
                raise Cancelled
            part = [paths[index] for index in indices[start : start + CHUNK]]
            together = "".join(part)
            same = together.isascii() and together == together.lower()
            self.folded += part if same else map(fold_case, part)  # one object where it is one text

    def literal(self, word: str, pool: Sequence[int], should_cancel: ShouldCancel) -> Sequence[int]:
        """Return the hits of `pool` that contain `word`.

        Raises:
            Cancelled: `should_cancel()` returns True.
        """
        return self._kept(pool, [word], None, should_cancel)

    def scattered(self, word: str, pool: Sequence[int], should_cancel: ShouldCancel) -> Sequence[int]:
        """Return the hits of `pool` that contain the characters of `word` in order, with gaps.

        Raises:
            Cancelled: `should_cancel()` returns True.
        """
        return self._kept(pool, self._rare(word), with_gaps(word), should_cancel)

    def _rare(self, word: str) -> list[str]:
        """Return the characters that fewer names contain, rarest first: each costs a tenth of matching their order."""
        sample = self.folded[:: len(self.folded) // _SAMPLE + 1]
        holding = {char: sum(char in name for name in sample) for char in set(word)}
        return sorted((char for char in holding if holding[char] < len(sample) * 0.7), key=lambda char: holding[char])

    def _kept(
        self,
        pool: Sequence[int],
        texts: list[str],
        matches: Callable[[str], object] | None,
        should_cancel: ShouldCancel,
    ) -> Sequence[int]:
        """Return the hits of `pool` that contain each of `texts` and then match."""
        kept = array("I")
        name_of = self.folded.__getitem__
        for start in range(0, len(pool), CHUNK):
            if should_cancel():
                raise Cancelled
            part: Iterable[int] = pool[start : start + CHUNK]
            for text in texts:
                part = list(part)
                part = compress(part, map(contains, map(name_of, part), repeat(text)))
            if matches is not None:
                part = list(part)
                part = compress(part, map(matches, map(name_of, part)))
            kept.extend(part)
        return pool if len(kept) == len(pool) else kept

    def starting(self, word: str, hits: Sequence[int]) -> list[int]:
        """Return the indices of those of the first hits whose last component starts with `word`."""
        near = [hit for hit in hits[:WEIGHED] if "." + word in self.folded[hit] or self.folded[hit].startswith(word)]
        return [self.indices[hit] for hit in near if self._last(hit).startswith(word)]

    def equal(self, word: str, hits: Sequence[int]) -> list[int]:
        """Return the indices of those of the first hits whose last component is `word`."""
        near = [hit for hit in hits[:WEIGHED] if self.folded[hit].endswith(word)]
        return [self.indices[hit] for hit in near if self._last(hit) == word]

    def inside(self, word: str, hits: Sequence[int]) -> list[int]:
        """Return the indices of those of the first hits whose last component contains `word`."""
        return [self.indices[hit] for hit in hits[:WEIGHED] if word in self._last(hit)]

    def after(self, hits: Sequence[int], index: int) -> int | None:
        """Return the first index among `hits` above `index`; None where none is."""
        place = bisect_right(hits, index, key=self.indices.__getitem__)
        return self.indices[hits[place]] if place < len(hits) else None

    def before(self, hits: Sequence[int], index: int) -> int | None:
        """Return the last index among `hits` below `index`; None where none is."""
        place = bisect_left(hits, index, key=self.indices.__getitem__)
        return self.indices[hits[place - 1]] if place else None

    def _last(self, hit: int) -> str:
        return self.folded[hit].rpartition(".")[2]
