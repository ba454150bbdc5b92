"""What the modal panels share: a frame in the middle, a scrollable text that the mouse can select, a line of keys."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Static

from tui.screens.beside_tour import BesideTour
from tui.screens.closing import ClosesItself
from tui.text import clean_lines

SHOWN_LINES = 2_000
"""Of one text; drawing more would be felt."""


class Panel(BesideTour[ScreenResultType], ClosesItself[ScreenResultType], ModalScreen[ScreenResultType]):
    """A frame of id `panel` in the middle of the screen, over what was there."""

    DEFAULT_CSS = """
    Panel {
        align: center middle;
        background: $background 60%;
        & > #panel {
            width: 90%;
            max-width: 100;
            height: auto;
            max-height: 90%;
            background: $surface;
            color: $foreground;
            border: round $border;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $foreground;
            border-subtitle-align: left;
            padding: 0 1;
        }
        &:ansi { background: transparent; }  /* its colours cannot be mixed, and a ground hides what is behind */
        &:ansi > #panel { background: ansi_default; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False),
    ]

    def rows_beside(self, width: int) -> int:
        """Return the rows of the frame, `width` cells wide inside, that its `TextPane` does not get."""
        return 2

    def on_resize(self, event: events.Resize) -> None:
        # A height of `auto` that gives way to its neighbours cannot be said in CSS.
        width, height = self.room
        rows = height * 9 // 10 - self.rows_beside(min(width * 9 // 10, 100) - 4)
        for pane in self.query(TextPane):
            pane.styles.max_height = max(1, rows)

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class TextPane(VerticalScroll):
    """Text from outside, scrollable with keys and wheel; the mouse selects and ctrl+c copies."""

    DEFAULT_CSS = """
    TextPane {
        height: auto;
        scrollbar-size-vertical: 1;
        & > Static { width: 1fr; height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("g", "scroll_home", "Start", show=False),
        Binding("G", "scroll_end", "End", show=False),
    ]

    def __init__(self, text: str = "", *, above: Static | None = None, id: str | None = None) -> None:
        """Make the pane of a text, with `above` before it, which scrolls along."""
        self._static = Static(shown_text(text), markup=False)
        super().__init__(*([] if above is None else [above]), self._static, id=id)

    def show(self, text: str) -> None:
        """Show another text from its start."""
        self._static.update(shown_text(text))
        self.scroll_home(animate=False)


def shown_text(text: str) -> Content:
    """Return a text of several lines, safe to draw; a cut one says at its end how much is missing."""
    lines = clean_lines(text)
    if len(lines) > SHOWN_LINES:
        more = len(lines) - SHOWN_LINES
        lines = [*lines[:SHOWN_LINES], f"… {more:,} more lines"]
    return Content("\n".join(lines))


def keys_line(*keys: tuple[str, str]) -> Content:
    """Return keys with what they do as one line, `Esc close · y copy`, the keys bold."""
    parts: list[Content | str | tuple[str, str]] = []
    for key, does in keys:
        parts += [" · " if parts else "", (key, "bold"), f" {does}"]
    return Content.assemble(*parts)
