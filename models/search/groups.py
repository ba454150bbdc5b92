"""Names that differ in digits alone, such as `layers.17.mlp` and `layers.18.mlp`, searched all at once.

A name's pattern is the name with each digit replaced by one stand-in; a million names of a network have some hundred
patterns.  Letters are looked for in the pattern, digits in one bitmap for each position and digit, in which bit `i` is
set where member `i` has that digit there.  Pure Python.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..work.cancelled import Cancelled, ShouldCancel, never

MIN_MEMBERS = 32
"""Names of one pattern that make a group; names of rarer patterns are searched one by one."""

CHUNK = 1 << 15
"""Names that are grouped at a time, which bounds the memory in between."""

DIGIT = "\xff"
"""Stand-in for a digit in a pattern.  Patterns are of ASCII names only, in which it does not occur."""

_TO_PATTERN = bytes(0xFF if chr(code).isdigit() and code < 128 else code for code in range(256))
_IS_DIGIT = {str(digit): bytes(49 if code == 48 + digit else 48 for code in range(256)) for digit in range(10)}


def digit_pattern(folded: str) -> str:
    """Return the pattern of a text: `folded` with each ASCII digit replaced by `DIGIT`."""
    return re.sub("[0-9]", DIGIT, folded)


class NameGroup:
    """All names of one pattern; `members` holds their ascending indices in the list of names."""

    __slots__ = ("_bitmaps", "_digits", "_places", "everything", "members", "pattern")

    def __init__(self, pattern: str, members: array[int], names: Iterable[str]) -> None:
        self.pattern = pattern
        self.members = members
        self.everything = (1 << len(members)) - 1
        """Bitmap of all members."""
        length = len(pattern)
        places = [place for place, char in enumerate(pattern) if char == DIGIT]
        self._places = {place: index for index, place in enumerate(places)}
        text = "".join(names).encode("ascii") if places else b""
        # Last member first: the first digit of a binary number is its highest bit.
        self._digits = b"".join(text[place::length][::-1] for place in places)
        self._bitmaps: dict[tuple[int, str], int] = {}

    def _having(self, place: int, digit: str) -> int:
        """Return the bitmap of the members with `digit` at `place`."""
        found = self._bitmaps.get((place, digit))
        if found is None:
            count = len(self.members)
            start = self._places[place] * count
            found = int(self._digits[start : start + count].translate(_IS_DIGIT[digit]), 2)
            self._bitmaps[place, digit] = found
        return found

    def literal(self, word: str, pattern: str, start: int = 0, end: int | None = None) -> int:
        """Return the bitmap of the members that contain `word`, of this `pattern`, from `start` to `end`."""
        digits = [(offset, char) for offset, char in enumerate(word) if pattern[offset] == DIGIT]
        at = self.pattern.find(pattern, start, end)
        found = 0
        while at >= 0 and found != self.everything:
            these = self.everything
            for offset, digit in digits:
                these &= self._having(at + offset, digit)
                if not these:
                    break
            found |= these
            at = self.pattern.find(pattern, at + 1, end)
        return found

    def scattered(self, word: str) -> int:
        """Return the bitmap of the members that contain the characters of `word` in order, with gaps.

        The pattern of the group is known to contain that of `word` so.
        """
        if not any(char in _IS_DIGIT for char in word):
            return self.everything
        # So far, which members hold the first 0, 1, 2, … characters.
        holding = [self.everything, *[0] * len(word)]
        for place, char in enumerate(self.pattern):
            for index in range(len(word) - 1, -1, -1):
                before, wanted = holding[index], word[index]
                if not before:
                    continue
                if char == DIGIT and wanted in _IS_DIGIT:
                    holding[index + 1] |= before & self._having(place, wanted)
                elif char == wanted:
                    holding[index + 1] |= before
            if holding[-1] == self.everything:
                break
        return holding[-1]

    def indices(self, bitmap: int) -> Iterator[int]:
        """Yield the indices of the members in `bitmap`, ascending."""
        if bitmap == self.everything:
            yield from self.members
            return
        text = bin(bitmap)[:1:-1]
        at = text.find("1")
        while at >= 0:
            yield self.members[at]
            at = text.find("1", at + 1)

    def after(self, bitmap: int, index: int) -> int | None:
        """Return the first index in `bitmap` above `index`; None where none is."""
        place = bisect_right(self.members, index)
        rest = bitmap >> place
        return self.members[place + (rest & -rest).bit_length() - 1] if rest else None

    def before(self, bitmap: int, index: int) -> int | None:
        """Return the last index in `bitmap` below `index`; None where none is."""
        rest = bitmap & ((1 << bisect_left(self.members, index)) - 1)
        return self.members[rest.bit_length() - 1] if rest else None


def group(names: Sequence[str], should_cancel: ShouldCancel = never) -> tuple[list[NameGroup], array[int]]:
    """Return the groups of `names`, and the ascending indices of the names that are in none.

    Raises:
        Cancelled: `should_cancel()` returns True.
    """
    by_pattern: dict[bytes, array[int] | int] = {}
    alone = array("I")
    for start in range(0, len(names), CHUNK):
        if should_cancel():
            raise Cancelled
        for index, pattern in enumerate(_patterns(names[start : start + CHUNK]), start):
            if pattern is None:
                alone.append(index)
                continue
            members = by_pattern.get(pattern)
            if members is None:
                by_pattern[pattern] = index
            elif isinstance(members, int):
                by_pattern[pattern] = array("I", (members, index))
            else:
                members.append(index)
        if len(by_pattern) > 2 * CHUNK:  # what came once by now will hardly make a group: forget its pattern
            alone.extend(members for members in by_pattern.values() if isinstance(members, int))
            by_pattern = {pattern: members for pattern, members in by_pattern.items() if not isinstance(members, int)}
    groups = []
    for pattern, members in by_pattern.items():
        if isinstance(members, int):
            alone.append(members)
        elif len(members) < MIN_MEMBERS:
            alone.extend(members)
        elif should_cancel():
            raise Cancelled
        else:
            groups.append(NameGroup(pattern.decode("latin-1"), members, map(names.__getitem__, members)))
    return groups, array("I", sorted(alone))


def _patterns(names: Sequence[str]) -> Sequence[bytes | None]:
    """Return the pattern of each name; None where it has none."""
    together = "\n".join(names)
    if together.isascii() and together.count("\n") == len(names) - 1:
        return together.lower().encode().translate(_TO_PATTERN).split(b"\n")
    return [name.lower().encode().translate(_TO_PATTERN) if name.isascii() else None for name in names]


def with_gaps(word: str) -> Callable[[str], object]:
    """Return a function that is truthy for texts that contain the characters of `word` in order, with gaps.

    The regular expression is anchored and never backtracks: it is linear in the length of the text.
    """
    return re.compile("".join(f"[^{re.escape(char)}]*{re.escape(char)}" for char in word)).match
