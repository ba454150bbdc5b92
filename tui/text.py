"""Text fitted to terminal cells, and the door through which text from outside is drawn.

Everything that is drawn goes through `clean`, at the latest in `piece`.  Nothing from outside is ever given to Textual
as markup: use `rich.text.Text`, `rich.segment.Segment` or `textual.content.Content` built from cleaned strings, or
`markup=False`.
"""

from __future__ import annotations

from collections.abc import Collection

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from models.safe_text import LONGEST, clean, clean_lines

__all__ = ["LONGEST", "clean", "clean_lines", "fit", "fit_middle", "fit_name", "fit_path", "fit_right", "piece"]

PARTS = 50
"""Parts of a path up to which those that matter are picked."""
ROOM_FOR_BOTH_ENDS = 30
"""Cells from which on a path that is cut shows its beginning too."""


def fit(text: str, width: int) -> str:
    """Return cleaned text padded or cut to exactly `width` terminal cells.

    A cut shows as `…`; wide characters count two.
    """
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def fit_middle(text: str, width: int) -> str:
    """Return the text as `fit` does, but cut in its middle: both ends of a path matter."""
    if cell_len(text) <= width or width < 5:
        return fit(text, width)
    head = set_cell_size(text, (width - 1) // 2).rstrip()  # of the half of a wide character
    return fit(head + "…" + text[_start_of_end(text, width - 1 - cell_len(head)) :], width)


def fit_path(text: str, width: int) -> str:
    """Return a dotted path as `fit` does, but with its end kept, which matters most, and as much of its start as fits.

    A number is kept whole, for which the start gives up to half of its cells, or not at all: layer 10 must not look
    like layer 0.
    """
    if cell_len(text) <= width or width < 5:
        return fit(text, width)
    head = "" if width < ROOM_FOR_BOTH_ENDS else set_cell_size(text, width // 4).rstrip()
    start = whole = _start_of_end(text, width - 1 - cell_len(head))
    while 0 < whole < len(text) and text[whole - 1].isdigit() and text[start].isdigit():
        whole -= 1
    room = cell_len(head) - cell_len(text[whole:start])
    if room >= cell_len(head) // 2:  # the start has cells to spare for the rest of the number
        return fit(set_cell_size(head, room).rstrip() + "…" + text[whole:], width)
    while 0 < start < len(text) and text[start - 1].isdigit() and text[start].isdigit():
        start += 1
    return fit(head + "…" + text[start:], width)


LEAST_OF_LAST = 8
"""Cells that a long last part of a path keeps where the number of its layer stands before it."""


def fit_name(text: str, width: int) -> str:
    """Return a dotted path as `fit` does, but with what tells it from its neighbours: numbers, and its last two parts.

    Other parts give way from the second on, then the first, then the start of the one before the last:
    `model…10…q_proj.weight`, `…10…proj.weight`.
    """
    if cell_len(text) <= width or width < 5:
        return fit(text, width)
    parts = text.split(".")
    if len(parts) > PARTS:
        return fit_path(text, width)
    last = len(parts) - 1
    order = [at for at in dict.fromkeys((*range(1, last - 1), 0, last - 1)) if 0 <= at < last]
    numbered = [at for at in order if any(letter.isdigit() for letter in parts[at])]
    kept = dict.fromkeys(range(len(parts)))
    shown = text
    for at in [*(at for at in order if at not in numbered), *numbered]:
        if numbered and at == numbered[-1]:  # a long last part gives way first: layer 10 must not look like layer 0
            head = f"…{parts[at]}…"
            room = width - cell_len(head)
            if room >= LEAST_OF_LAST:
                return fit(head + parts[last][_start_of_end(parts[last], room) :], width)
        del kept[at]
        shown = "".join(f"{_link(at, kept)}{parts[at]}" for at in kept)
        if cell_len(shown) <= width:
            room = width - cell_len(shown) - 1
            if at == last - 1 and room >= 2:  # some of it stays: `…` stands before the last part already
                end = parts[at][_start_of_end(parts[at], room) :]
                shown = f"{shown.removesuffix(parts[last])}{end}.{parts[last]}"
            return fit(shown, width)
    return fit_path(shown, width)


def _link(at: int, kept: Collection[int]) -> str:
    """What stands before a part of a path: a dot where the part before it stands there, too."""
    return "" if not at else "." if at - 1 in kept else "…"


def _start_of_end(text: str, width: int) -> int:
    """Where the characters at the end begin that fit into `width` cells."""
    start = len(text)
    used = 0
    while start > 0 and used + cell_len(text[start - 1]) <= width:
        start -= 1
        used += cell_len(text[start])
    return start


def fit_right(text: str, width: int) -> str:
    """Return the text as `fit` does, but set against the right edge, as numbers are."""
    space = width - cell_len(text)
    return " " * space + text if space > 0 else fit(text, width)


def piece(text: str, style: Style | None = None) -> Segment:
    """Return a segment of cleaned text for `render_line`."""
    return Segment(clean(text), style)
