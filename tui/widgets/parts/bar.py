"""A bar over a pane: its tabs or title, bright while the pane has the focus."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.text import clean, fit_middle

SHORTER = (100, 4, 2, 0)
"""Letters that a title keeps, the first of them that lets every tab be seen."""
APART = " · "
"""Between the parts of a note."""
NARROWEST = 8
"""Cells below which a part of a note says nothing."""


class Bar(Widget):
    """One line over a pane: tabs with the key of each, and a note at the right end.

    Args:
        tabs: key and title of each tab; a single tab without a key is a plain title.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"bar--tab", "bar--active", "bar--key", "bar--note"}
    DEFAULT_CSS = """
    Bar {
        height: 1; background: $surface; color: $text-muted;
        &> .bar--tab { color: $text-muted; }
        &> .bar--key { color: $text-muted; }
        &> .bar--note { color: $text-muted; }
        &> .bar--active { color: $foreground; text-style: bold underline; }
        &.-focused { background: $primary-muted; }
        &.-focused > .bar--tab { color: $foreground; }
        &.-focused > .bar--key { color: $foreground; }
        &.-focused > .bar--note { color: $foreground; }
        &:ansi { background: ansi_default; }
        &:ansi.-focused { background: ansi_default; text-style: reverse; }
    }
    """

    active: reactive[int] = reactive(0)
    note: reactive[str] = reactive("")
    """Text from outside is fine: it is cleaned when drawn."""

    class Picked(Message):
        """Posted when a tab was clicked; `index` counts from 0."""

        def __init__(self, bar: Bar, index: int) -> None:
            super().__init__()
            self.bar = bar
            self.index = index

        @property
        def control(self) -> Bar:
            return self.bar

    class Dragged(Message):
        """Posted when the bar was dragged to this screen row."""

        def __init__(self, bar: Bar, row: int) -> None:
            super().__init__()
            self.bar = bar
            self.row = row

        @property
        def control(self) -> Bar:
            return self.bar

    def __init__(self, *tabs: tuple[str, str], id: str | None = None) -> None:
        super().__init__(id=id)
        self.tabs = list(tabs)

    def set_title(self, index: int, title: str) -> None:
        """Give the tab at `index`, counted from 0, another title; its key stays."""
        self.tabs[index] = (self.tabs[index][0], title)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        focused = self.has_class("-focused")
        segments = [Segment("▌" if focused else " ", base)]
        for index, (key, title) in enumerate(self.shown):
            if key:
                segments.append(Segment(f"{key} ", self.get_component_rich_style("bar--key")))
            name = "bar--active" if index == self.active and len(self.tabs) > 1 else "bar--tab"
            segments.append(Segment(title, self.get_component_rich_style(name)))
            segments.append(Segment("  ", base))
        used = sum(segment.cell_length for segment in segments)
        room = width - used - 1
        if self.note and room > 6:
            text = _fitted(clean(self.note, 400), room)
            segments.append(Segment(" " * (width - used - cell_len(text) - 1), base))
            segments.append(Segment(text, self.get_component_rich_style("bar--note")))
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Return the tabs with their titles, those that are not active shortened where the bar is short."""
        for letters in SHORTER:
            tabs = [
                (key, title if index == self.active else title[:letters].rstrip())
                for index, (key, title) in enumerate(self.tabs)
            ]
            if sum(_width(key, title) for key, title in tabs) - 2 < self.size.width - 1:
                break
        return tabs

    def on_click(self, event: events.Click) -> None:
        left = 1
        for index, (key, title) in enumerate(self.shown):
            size = _width(key, title)
            if left <= event.x < left + size:
                self.post_message(self.Picked(self, index))
                return
            left += size

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._from_row: int | None = int(event.screen_y)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self and int(event.screen_y) != self._from_row:
            self._from_row = None
            self.post_message(self.Dragged(self, int(event.screen_y)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()


def _width(key: str, title: str) -> int:
    """Cells of one tab and the gap behind it."""
    return (len(key) + 1 if key else 0) + cell_len(title) + 2


def _fitted(note: str, room: int) -> str:
    """Return a note in the room that there is; each of its parts is shortened, not one of them lost."""
    if cell_len(note) <= room:
        return note
    parts = note.split(APART)
    each = (room - len(APART) * (len(parts) - 1)) // len(parts)
    if each < NARROWEST:
        return fit_middle(note, room)
    return APART.join(fit_middle(part, min(cell_len(part), each)) for part in parts)
