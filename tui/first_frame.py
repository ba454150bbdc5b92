"""What is painted first: the frame of the explorer, empty.

Owns nothing else, and imports nothing that it does not show: the explorer's parts are imported once this stands.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from tui.actions import bindings
from tui.text import clean
from tui.widgets.key_line import KeyLine


class FirstFrame(Screen[object]):
    """Lies below the explorer, which covers it as soon as it can.

    Args:
        source: what is about to be opened; empty for the catalogue.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("tree"), *bindings("explorer")]
    DEFAULT_CSS = """
    FirstFrame {
        background: $surface;
        #name { height: 1; background: $panel; color: $accent; text-style: bold; padding: 0 1; }
        #bar { height: 1; background: $primary-muted; }
        #rest { height: 1fr; }
    }
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def compose(self) -> ComposeResult:
        yield Static(clean(self.source, 200) or "modulescope", id="name", markup=False)
        yield Static("▌Modules" if self.source else "", id="bar", markup=False)
        yield Static("", id="rest", markup=False)
        yield KeyLine()
