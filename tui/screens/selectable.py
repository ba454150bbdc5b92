"""A text shown to be selected with the terminal, for when no clipboard can be reached.

No frame and no margin: what the terminal selects is the text and nothing else.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from tui.screens.closing import ClosesItself
from tui.screens.panel import TextPane, keys_line
from tui.text import clean


class Selectable(ClosesItself[None], Screen[None]):
    """A text to be selected with the terminal's own mouse; closes with Escape, Enter or q."""

    DEFAULT_CSS = """
    Selectable {
        background: $background;
        & > #title { height: auto; background: $panel; color: $foreground; padding: 0 1; }
        & > #keys { dock: bottom; height: auto; background: $panel; color: $foreground; padding: 0 1; }
        & > TextPane { height: 1fr; scrollbar-size-vertical: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", "Close", show=False)]

    def __init__(self, text: str, title: str = "Select the text and copy it with the terminal") -> None:
        super().__init__()
        self._text = text
        self._heading = title

    def compose(self) -> ComposeResult:
        yield Static(clean(self._heading, 300), id="title", markup=False)
        yield TextPane(self._text)
        yield Static(
            keys_line(("Shift+drag", "selects in most terminals (Option+drag on macOS)"), ("Esc", "closes")), id="keys"
        )

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()

    def action_close(self) -> None:
        """Go back to where it was opened."""
        self.dismiss(None)
