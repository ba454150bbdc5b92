"""Other styles for a stretch of a drawn line: selected text, letters that matched."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


def char_to_cell(text: str, index: int) -> int:
    """Return the cell at which character `index` of `text` starts."""
    return cell_len(text[:index])


def restyle(line: Strip, start: int, end: int, style: Style) -> Strip:
    """Return the line with `style` over the cells `start` to `end`."""
    end = min(end, line.cell_length)
    if start >= end:
        return line
    marked = Strip(Segment.apply_style(line.crop(start, end), post_style=style), end - start)
    return Strip.join([line.crop(0, start), marked, line.crop(end)])


def mark_letters(text: str, positions: Sequence[int], plain: Style | None, marked: Style) -> list[Segment]:
    """Return `text` in as few segments as it takes, the characters at `positions` in `marked`."""
    wanted = set(positions)
    parts: list[Segment] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or (index in wanted) != (start in wanted):
            parts.append(Segment(text[start:index], marked if start in wanted else plain))
            start = index
    return parts
