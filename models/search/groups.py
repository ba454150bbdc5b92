"""Names that differ in digits alone, such as `layers.17.mlp` and `layers.18.mlp`, searched all at once.

A million names of a network have some hundred shapes.  Letters are looked for in the shape; digits in one bitmap for
each place and digit, in which bit `i` tells of member `i`.  Pure Python.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..work.cancelled import Cancelled, ShouldCancel, never

FEWEST = 32
"""Members of a group; names of rarer shapes are searched one by one."""

CHUNK = 1 << 15
"""Names that are split at a time: what is made of them in between stays small."""

DIGIT = "\xff"
"""Stands for a digit in a shape.  Shapes are of ASCII names only, so that it is nothing else."""

_TO_SHAPE = bytes(0xFF if chr(code).isdigit() and code < 128 else code for code in range(256))
_IS_DIGIT = {str(digit): bytes(49 if code == 48 + digit else 48 for code in range(256)) for digit in range(10)}


def shape_of(folded: str) -> str:
    """The text with each digit replaced by `DIGIT`."""
    return re.sub("[0-9]", DIGIT, folded)


class Group:
    """All names of one shape, `members` being their ascending numbers."""

    __slots__ = ("_bitmaps", "_digits", "_places", "everything", "members", "shape")

    def __init__(self, shape: str, members: array[int], names: Iterable[str]) -> None:
        self.shape = shape
        self.members = members
        self.everything = (1 << len(members)) - 1
        """The bitmap of all members."""
        length = len(shape)
        places = [place for place, char in enumerate(shape) if char == DIGIT]
        self._places = {place: number for number, place in enumerate(places)}
        text = "".join(names).encode("ascii") if places else b""
        # Last member first: the first digit of a binary number is its highest bit.
        self._digits = b"".join(text[place::length][::-1] for place in places)
        self._bitmaps: dict[tuple[int, str], int] = {}

    def _having(self, place: int, digit: str) -> int:
        """The members with that digit at that place."""
        found = self._bitmaps.get((place, digit))
        if found is None:
            count = len(self.members)
            start = self._places[place] * count
            found = int(self._digits[start : start + count].translate(_IS_DIGIT[digit]), 2)
            self._bitmaps[place, digit] = found
        return found

    def literal(self, word: str, shape: str, start: int = 0, end: int | None = None) -> int:
        """The members that hold `word`, of that shape, within `start` to `end`."""
        digits = [(offset, char) for offset, char in enumerate(word) if shape[offset] == DIGIT]
        at = self.shape.find(shape, start, end)
        found = 0
        while at >= 0 and found != self.everything:
            these = self.everything
            for offset, digit in digits:
                these &= self._having(at + offset, digit)
                if not these:
                    break
            found |= these
            at = self.shape.find(shape, at + 1, end)
        return found

    def scattered(self, word: str) -> int:
        """The members that hold the characters of `word` in order; the shape is known to hold their shapes so."""
        if not any(char in _IS_DIGIT for char in word):
            return self.everything
        # So far, which members hold the first 0, 1, 2, … characters.
        holding = [self.everything, *[0] * len(word)]
        for place, char in enumerate(self.shape):
            for number in range(len(word) - 1, -1, -1):
                before, wanted = holding[number], word[number]
                if not before:
                    continue
                if char == DIGIT and wanted in _IS_DIGIT:
                    holding[number + 1] |= before & self._having(place, wanted)
                elif char == wanted:
                    holding[number + 1] |= before
            if holding[-1] == self.everything:
                break
        return holding[-1]

    def numbers(self, bitmap: int) -> Iterator[int]:
        """The numbers of the members in `bitmap`, ascending."""
        if bitmap == self.everything:
            yield from self.members
            return
        text = bin(bitmap)[:1:-1]
        at = text.find("1")
        while at >= 0:
            yield self.members[at]
            at = text.find("1", at + 1)

    def after(self, bitmap: int, number: int) -> int | None:
        """The first number in `bitmap` above `number`."""
        place = bisect_right(self.members, number)
        rest = bitmap >> place
        return self.members[place + (rest & -rest).bit_length() - 1] if rest else None

    def before(self, bitmap: int, number: int) -> int | None:
        """The last number in `bitmap` below `number`."""
        rest = bitmap & ((1 << bisect_left(self.members, number)) - 1)
        return self.members[rest.bit_length() - 1] if rest else None


def group(names: Sequence[str], cancelled: ShouldCancel = never) -> tuple[list[Group], array[int]]:
    """Groups of `names`, and the ascending numbers of all others.

    Raises:
        Cancelled: when `cancelled()` says so meanwhile.
    """
    by_shape: dict[bytes, array[int] | int] = {}
    alone = array("I")
    for start in range(0, len(names), CHUNK):
        if cancelled():
            raise Cancelled
        for number, shape in enumerate(_shapes(names[start : start + CHUNK]), start):
            if shape is None:
                alone.append(number)
                continue
            members = by_shape.get(shape)
            if members is None:
                by_shape[shape] = number
            elif isinstance(members, int):
                by_shape[shape] = array("I", (members, number))
            else:
                members.append(number)
        if len(by_shape) > 2 * CHUNK:  # what came once by now will hardly make a group: forget its shape
            alone.extend(members for members in by_shape.values() if isinstance(members, int))
            by_shape = {shape: members for shape, members in by_shape.items() if not isinstance(members, int)}
    groups = []
    for shape, members in by_shape.items():
        if isinstance(members, int):
            alone.append(members)
        elif len(members) < FEWEST:
            alone.extend(members)
        elif cancelled():
            raise Cancelled
        else:
            groups.append(Group(shape.decode("latin-1"), members, map(names.__getitem__, members)))
    return groups, array("I", sorted(alone))


def _shapes(names: Sequence[str]) -> Sequence[bytes | None]:
    """The shape of each name; None where it has none."""
    together = "\n".join(names)
    if together.isascii() and together.count("\n") == len(names) - 1:
        return together.lower().encode().translate(_TO_SHAPE).split(b"\n")
    return [name.lower().encode().translate(_TO_SHAPE) if name.isascii() else None for name in names]


def with_gaps(word: str) -> Callable[[str], object]:
    """Whether a text holds the characters of `word` in order.

    Anchored and without choices for the regular expression to try again: linear in the length of the text.
    """
    return re.compile("".join(f"[^{re.escape(char)}]*{re.escape(char)}" for char in word)).match
