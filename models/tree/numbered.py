"""Rules of renaming with numbers in them: `layer{n}.=stages.{n-1}.layers.`."""

from __future__ import annotations

import re

_PLACE = re.compile(r"\{([a-z])([+-]\d{1,9})?\}")
_PIECE = re.compile(r"(\{[a-z](?:[+-]\d{1,9})?\}|\*)")
_MOST_DIGITS = 18
"""Digits of a number that can be shifted."""


def has_numbers(text: str) -> bool:
    """Return whether a rule has `{n}` or the like in it."""
    return _PLACE.search(text) is not None


class NumberedRename:
    """A rule `old=new` in which `{n}` is any number, and `{n+1}` on the right the next one.

    Otherwise as `globs.Rename`: without `*` it is about how a path begins, with `*` about a whole path.
    """

    def __init__(self, old: str, new: str) -> None:
        """Read the rule.

        Raises:
            ValueError: `new` has a number that `old` has not, or more `*`; `old` has one twice, or one that shifts.
        """
        numbers: list[str] = []
        pattern, stars = "", 0
        for piece in _PIECE.split(old):
            place = _PLACE.fullmatch(piece)
            if piece == "*":
                stars += 1
                pattern += f"(?P<star{stars}>.*?)"
            elif place is None:
                pattern += re.escape(piece)
            elif place[2] or place[1] in numbers:
                raise ValueError(f"{piece} on the left of {old}={new} is no number of its own")
            else:
                numbers.append(place[1])
                pattern += rf"(?P<{place[1]}>[0-9]{{1,{_MOST_DIGITS}}})"
        self._pieces: list[str | tuple[str, int]] = []
        used = 0
        for piece in _PIECE.split(new):
            place = _PLACE.fullmatch(piece)
            if piece == "*":
                used += 1
                self._pieces.append((f"star{used}", 0))
            elif place is None:
                self._pieces.append(piece)
            elif place[1] not in numbers:
                raise ValueError(f"{piece} on the right of {old}={new} is on its left not there")
            else:
                self._pieces.append((place[1], int(place[2] or 0)))
        if used > stars:
            raise ValueError(f"{old}={new} has more * on its right than on its left")
        self._pattern = re.compile(pattern + ("$" if stars else ""), re.DOTALL)

    def fits(self, path: str) -> bool:
        """Return whether the rule applies to `path`."""
        return self._pattern.match(path) is not None

    def __call__(self, path: str) -> str:
        """Return the new path, or `path` itself where the rule does not apply."""
        found = self._pattern.match(path)
        if found is None:
            return path
        return "".join(_put(piece, found) for piece in self._pieces) + path[found.end() :]


def _put(piece: str | tuple[str, int], found: re.Match[str]) -> str:
    if isinstance(piece, str):
        return piece
    name, shift = piece
    return str(int(found[name]) + shift) if shift else found[name]
