"""Text from models and files, made safe to draw: the one place where this is done.

Names, class names, error texts and printed output come from outside and may hold anything.  `clean` makes control,
bidirectional and invisible characters visible and cuts to a length; everything that is drawn goes through it, at the
latest in `piece`.  Nothing from outside is ever given to Textual as markup: use `rich.text.Text`,
`rich.segment.Segment` or `textual.content.Content` built from cleaned strings, or `markup=False`.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

LONGEST = 10_000
"""Characters of one text that are looked at; nothing on a screen needs more."""

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, C1 included
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # change the direction of what follows
    "\u2028\u2029\ufff9-\ufffb"  # separators and annotations
    # invisible:
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufe00-\ufe0f\U000e0000-\U000e0fff\U0001d173-\U0001d17a"  # tags and selectors: terminals disagree on their width
    "\ud800-\udfff"  # surrogates, which no terminal's encoding can write
    "]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ ␛ ␊
    if code == 0x7F:
        return "␡"
    return f"<{code:04X}>"


def clean(text: str, limit: int = LONGEST) -> str:
    """One line, every control, bidirectional, invisible or surrogate character visible, at most `limit` characters."""
    if len(text) <= limit:
        if text.isascii() and text.isprintable():
            return text
        text = _UNSAFE.sub(_visible, text)  # which may make it longer
        if len(text) <= limit:
            return text
    else:
        text = _UNSAFE.sub(_visible, text[: max(limit, 0)])
    return text[: limit - 1] + "…" if limit > 0 else ""


def clean_lines(text: str, limit: int = LONGEST) -> list[str]:
    """The lines of a text of several lines, tabs as spaces, each made safe by `clean`."""
    return [clean(line.expandtabs(4), limit) for line in re.split("\r\n|\n|\r", text)]


def fit(text: str, width: int) -> str:
    """Pad or cut cleaned text to exactly `width` terminal cells; a cut shows as `…`.  Wide characters count two."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def fit_middle(text: str, width: int) -> str:
    """As `fit`, but a cut takes the middle: both ends of a path tell something."""
    size = cell_len(text)
    if size <= width or width < 5:
        return fit(text, width)
    head = set_cell_size(text, (width - 1) // 2).rstrip()  # of the half of a wide character
    tail_width = width - 1 - cell_len(head)
    start = len(text)
    used = 0
    while start > 0 and used + cell_len(text[start - 1]) <= tail_width:
        start -= 1
        used += cell_len(text[start])
    return fit(head + "…" + text[start:], width)


def fit_right(text: str, width: int) -> str:
    """As `fit`, but set against the right edge, as numbers are."""
    space = width - cell_len(text)
    return " " * space + text if space > 0 else fit(text, width)


def piece(text: str, style: Style | None = None) -> Segment:
    """A segment for `render_line`, cleaned."""
    return Segment(clean(text), style)
