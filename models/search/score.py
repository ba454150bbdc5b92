"""Scores of how well one path matches the words of a query, and which of its characters do.  Pure Python.

Starts of words count more than their middles, the last component more than what is above it, characters side by side
more than scattered ones.
"""

from __future__ import annotations

from collections.abc import Iterable

_OCCURRENCES = 16
"""Occurrences of one word in a path that are weighed."""
_FAR = 1 << 60


def fold_case(text: str) -> str:
    """Return `text` in lower case, character by character: an index into the result is one into `text`."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(each if len(each) == 1 else char for char, each in ((char, char.lower()) for char in text))


def score(path: str, folded: str, words: Iterable[tuple[str, bool]], whole: str = "") -> tuple[int, list[int]]:
    """Return the points of a path that matches all `words`, and the ascending indices of the characters that match.

    `folded` is `fold_case(path)`.  Each word comes with whether it occurs literally (True) or only with gaps.  `whole`
    is the whole query: a path or last component that equals it comes first.
    """
    last = folded.rfind(".") + 1
    points = 0
    positions: set[int] = set()
    for word, literal in sorted(words, key=lambda each: -len(each[0])):
        best, chosen = -_FAR, [0]
        for places in _literally(folded, word) if literal else _scattered(folded, word):
            taken = positions.intersection(places)  # `7 77` means two numbers
            reached = _points(path, places, last, word) - 10 * len(taken)
            if reached > best:
                best, chosen = reached, places
        points += best
        positions.update(chosen)
    if whole and whole == folded:
        points += 400
    elif whole and whole == folded[last:]:
        points += 200
    return points, sorted(positions)


def is_word_start(path: str, index: int) -> bool:
    """Return whether a word of `path` starts at `index`.

    Words start after a separator, at a capital after a small letter, and between letters and digits.
    """
    if index == 0:
        return True
    before, here = path[index - 1], path[index]
    if not here.isalnum() or not before.isalnum():
        return here.isalnum()
    return (before.islower() and here.isupper()) or before.isdigit() != here.isdigit()


def _points(path: str, places: list[int], last: int, word: str) -> int:
    points = 0
    for index, place in enumerate(places):
        points += 4
        if place >= last:
            points += 4
        if is_word_start(path, place):
            points += 6 if index else 30
        if index:
            gap = place - places[index - 1] - 1
            points += 8 if gap == 0 else -min(gap, 8)
    end = places[-1] + 1
    if places[0] >= last and (end == len(path) or not path[end].isalnum()) and is_word_start(path, places[0]):
        points += 20  # a whole word of the last component
    return points


def _literally(folded: str, word: str) -> list[list[int]]:
    found: list[list[int]] = []
    at = folded.rfind(word)
    while at >= 0 and len(found) < _OCCURRENCES:  # from the end: the last component counts most
        found.append(list(range(at, at + len(word))))
        at = folded.rfind(word, 0, at + len(word) - 1)
    return found


def _scattered(folded: str, word: str) -> list[list[int]]:
    """Return the earliest and the latest way to match with gaps."""
    early = []
    at = -1
    for char in word:
        at = folded.index(char, at + 1)
        early.append(at)
    late = []
    at = len(folded)
    for char in reversed(word):
        at = folded.rindex(char, 0, at)
        late.append(at)
    return [early, late[::-1]]
