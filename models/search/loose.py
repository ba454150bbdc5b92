"""Names that have little in common, searched one by one, as fast as the interpreter can.  Pure Python."""

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
"""Names looked at together: few enough that what is looked for next finds them in the processor's cache."""

WEIGHED = 20_000
"""So many hits are looked at for where the word stands in them; of more, the first ones."""

_SAMPLE = 1 << 10
"""Names by which is told how many hold a letter."""


class Loose:
    """The paths of these ascending `numbers`; hits are places in that list."""

    def __init__(self, paths: Sequence[str], numbers: array[int], cancelled: ShouldCancel = never) -> None:
        self.numbers = numbers
        self.folded: list[str] = []
        """The paths in one case."""
        for start in range(0, len(numbers), CHUNK):
            if cancelled():
                raise Cancelled
            part = [paths[number] for number in numbers[start : start + CHUNK]]
            together = "".join(part)
            same = together.isascii() and together == together.lower()
            self.folded += part if same else map(fold_case, part)  # one object where it is one text

    def literal(self, word: str, pool: Sequence[int], cancelled: ShouldCancel) -> Sequence[int]:
        """Those of `pool` in which the word occurs."""
        return self._kept(pool, [word], None, cancelled)

    def scattered(self, word: str, pool: Sequence[int], cancelled: ShouldCancel) -> Sequence[int]:
        """Those of `pool` that hold the characters of the word in order."""
        return self._kept(pool, self._rare(word), with_gaps(word), cancelled)

    def _rare(self, word: str) -> list[str]:
        """The characters that few names hold, rarest first: one is looked for at a tenth of what their order costs."""
        sample = self.folded[:: len(self.folded) // _SAMPLE + 1]
        holding = {char: sum(char in name for name in sample) for char in set(word)}
        return sorted((char for char in holding if holding[char] < len(sample) * 0.7), key=lambda char: holding[char])

    def _kept(
        self, pool: Sequence[int], texts: list[str], matches: Callable[[str], object] | None, cancelled: ShouldCancel
    ) -> Sequence[int]:
        """Those of `pool` that hold each of `texts` and then match."""
        kept = array("I")
        name_of = self.folded.__getitem__
        for start in range(0, len(pool), CHUNK):
            if cancelled():
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
        """Numbers of those of the first hits whose last part starts with the word."""
        near = [hit for hit in hits[:WEIGHED] if "." + word in self.folded[hit] or self.folded[hit].startswith(word)]
        return [self.numbers[hit] for hit in near if self._last(hit).startswith(word)]

    def equal(self, word: str, hits: Sequence[int]) -> list[int]:
        """Numbers of those of the first hits whose last part is the word."""
        near = [hit for hit in hits[:WEIGHED] if self.folded[hit].endswith(word)]
        return [self.numbers[hit] for hit in near if self._last(hit) == word]

    def inside(self, word: str, hits: Sequence[int]) -> list[int]:
        """Numbers of those of the first hits whose last part holds the word."""
        return [self.numbers[hit] for hit in hits[:WEIGHED] if word in self._last(hit)]

    def after(self, hits: Sequence[int], number: int) -> int | None:
        """The first number among `hits` above `number`."""
        place = bisect_right(hits, number, key=self.numbers.__getitem__)
        return self.numbers[hits[place]] if place < len(hits) else None

    def before(self, hits: Sequence[int], number: int) -> int | None:
        """The last number among `hits` below `number`."""
        place = bisect_left(hits, number, key=self.numbers.__getitem__)
        return self.numbers[hits[place - 1]] if place else None

    def _last(self, hit: int) -> str:
        return self.folded[hit].rpartition(".")[2]
