"""Textual's line of input, for what is pasted: one line of bounded length, safe to draw."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from tui.text import clean

LONGEST_INPUT = 4_000
"""Characters, as many as a path may have; every key is felt in a line of a million."""


class LineInput(Input):
    """An input that takes of a paste the first line that is not empty, control characters made visible."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()  # Textual calls the base class's handler itself, after this one
        event.stop()
        self.insert_line(event.text)

    def action_paste(self) -> None:
        """Insert what was copied in this app."""
        self.insert_line(self.app.clipboard)

    def insert_line(self, text: str) -> None:
        """Put what can be taken of `text` in place of the selection."""
        line = next((line for line in text[: 2 * LONGEST_INPUT].splitlines() if line.strip()), "")
        start, end = sorted(self.selection)
        room = max(LONGEST_INPUT - (len(self.value) - (end - start)), 0)
        if line and room:
            self.replace(clean(line, room)[:room], start, end)
