"""Text fitted to terminal cells, and the door through which text from outside is drawn.

Everything that is drawn goes through `clean`, at the latest in `piece`.  Nothing from outside is ever given to Textual
as markup: use `rich.text.Text`, `rich.segment.Segment` or `textual.content.Content` built from cleaned strings, or
`markup=False`.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from models.safe_text import LONGEST, clean, clean_lines

__all__ = ["LONGEST", "clean", "clean_lines", "fit", "fit_middle", "fit_path", "fit_right", "piece"]

ROOM_FOR_BOTH_ENDS = 30
"""Cells from which on a path that is cut shows its beginning too."""


def fit(text: str, width: int) -> str:
    """Pad or cut cleaned text to exactly `width` terminal cells; a cut shows as `…`.  Wide characters count two."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def fit_middle(text: str, width: int) -> str:
    """As `fit`, but a cut takes the middle: both ends of a path tell something."""
    if cell_len(text) <= width or width < 5:
        return fit(text, width)
    head = set_cell_size(text, (width - 1) // 2).rstrip()  # of the half of a wide character
    return fit(head + "…" + text[_start_of_end(text, width - 1 - cell_len(head)) :], width)


def fit_path(text: str, width: int) -> str:
    """As `fit`, but of a dotted path the end is kept, which tells most, and of its beginning what is left to spare.

    A number is kept whole or not at all: layer 10 must not look like layer 0.
    """
    if cell_len(text) <= width or width < 5:
        return fit(text, width)
    head = "" if width < ROOM_FOR_BOTH_ENDS else set_cell_size(text, width // 4).rstrip()
    start = _start_of_end(text, width - 1 - cell_len(head))
    while 0 < start < len(text) and text[start - 1].isdigit() and text[start].isdigit():
        start += 1
    return fit(head + "…" + text[start:], width)


def _start_of_end(text: str, width: int) -> int:
    """Where the characters at the end begin that fit into `width` cells."""
    start = len(text)
    used = 0
    while start > 0 and used + cell_len(text[start - 1]) <= width:
        start -= 1
        used += cell_len(text[start])
    return start


def fit_right(text: str, width: int) -> str:
    """As `fit`, but set against the right edge, as numbers are."""
    space = width - cell_len(text)
    return " " * space + text if space > 0 else fit(text, width)


def piece(text: str, style: Style | None = None) -> Segment:
    """A segment for `render_line`, cleaned."""
    return Segment(clean(text), style)
