"""Where lines of text break and begin, in terminal cells."""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size


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
