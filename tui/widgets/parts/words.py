"""Plain text in a `Static` that is written often and seldom another one."""

from __future__ import annotations

from rich.cells import cell_len
from textual.widgets import Static


def say(place: Static, text: str) -> None:
    """Write `text`, cleaned, in `place`; the screen is laid out anew only where that takes other room."""
    before = place.content
    if before == text:
        return
    height = place.styles.height
    one_line = height is not None and height.is_cells and isinstance(before, str)
    place.update(text, layout=not (one_line and cell_len(str(before)) == cell_len(text)))
