"""Where lines of text break and begin, in terminal cells."""

from __future__ import annotations

import re

from rich.cells import cell_len, get_character_cell_size

_WORD = re.compile(r"(\s*\S+)\s*")


def wrap_points(text: str, width: int) -> list[int]:
    """Return the index of the end of each row when `text` is broken at `width` cells, as a terminal does.

    There is one row at least.
    """
    if text.isascii():
        return [*range(width, len(text), width), len(text)]
    ends = []
    used = 0
    for index, character in enumerate(text):
        size = get_character_cell_size(character)
        if used + size > width and used:
            ends.append(index)
            used = 0
        used += size
    return [*ends, len(text)]


def word_points(text: str, width: int) -> list[int]:
    """Return the ends of rows as `wrap_points` does, but broken behind a space where a word would not fit.

    The space counts to the row before.
    """
    if cell_len(text) <= width:
        return [len(text)]
    ends: list[int] = []
    start = used = 0
    for match in _WORD.finditer(text):
        size = cell_len(match[1])
        if used and used + size > width:
            ends.append(match.start())
            start, used = match.start(), 0
        if size > width:
            ends += [start + end for end in wrap_points(text[start : match.end(1)], width)[:-1]]
            start = ends[-1] if ends else start  # a character may be wider than the row
            used = cell_len(text[start : match.end()])
        else:
            used += cell_len(match[0])
    return [*ends, len(text)]


def crop_text(text: str, cells: int) -> tuple[int, str]:
    """Return how many characters went with the first `cells` cells, and `text` without these cells.

    Half a wide character becomes a space.
    """
    if cells <= 0:
        return 0, text
    if text.isascii():
        return min(cells, len(text)), text[cells:]
    used = 0
    for index, character in enumerate(text):
        if used >= cells:
            return index, " " * (used - cells) + text[index:]
        used += get_character_cell_size(character)
    return len(text), " " * max(0, cell_len(text) - cells)
