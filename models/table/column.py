"""One column of a table, dictionary-encoded: its distinct values, and a code for each row.  Pure Python."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any


class EncodedColumn:
    """A column of hashable values; None is an unknown value.

    A million rows take 1 MB with up to 256 distinct values, else 4 MB and the values.
    """

    def __init__(self, values: Iterable[Hashable]) -> None:
        index: dict[Hashable, int] = {}
        codes = array("I", [index.setdefault(value, len(index)) for value in values])
        self.values = list(index)
        """The distinct values."""
        self.codes: bytes | array[int] = bytes(iter(codes)) if len(index) <= 256 else codes
        """For each row the index of its value in `values`."""

    def flags(self, test: Callable[[Any], bool]) -> bytes:
        """Return for each row 1 where `test` is true of its value, else 0; None is never tested, and gives 0."""
        holds = bytes(value is not None and test(value) for value in self.values)
        if isinstance(self.codes, bytes):
            return self.codes.translate(holds.ljust(256, b"\0"))
        return bytes(map(holds.__getitem__, self.codes))

    def order(self, key: Callable[[Any], Any], descending: bool) -> array[int]:
        """Return the rows sorted by the key of their values: equal ones in the table's order, None always last."""
        known = sorted((place for place, value in enumerate(self.values) if value is not None), key=self._key(key))
        ranks = [-1 if descending else len(known)] * len(self.values)
        rank = -1
        before: object = ranks  # equal to no key
        for place in known:
            own = key(self.values[place])
            rank += own != before
            ranks[place], before = rank, own
        return sorted_by([ranks[code] for code in self.codes], descending)

    def _key(self, key: Callable[[Any], Any]) -> Callable[[int], Any]:
        return lambda place: key(self.values[place])


def sorted_by(keys: Sequence[Any], descending: bool) -> array[int]:
    """Return the indices of `keys` in the order of the keys, those of equal keys ascending."""
    return array("I", sorted(range(len(keys)), key=keys.__getitem__, reverse=descending))
