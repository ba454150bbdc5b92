"""The list of completions: lies over the pane above the prompt, never has the focus, is steered by the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from models.messages import CompletionItem
from tui.text import clean, fit

SHOWN = 8
LIMIT = 50
WIDEST = 60


class CompletionList(Widget):
    """At most `SHOWN` of `LIMIT` completions; hidden while there are none."""

    DEFAULT_CSS = """
    CompletionList {
        display: none;
        overlay: screen;
        constrain: inside inside;
        background: $panel;
        color: $foreground;
        & > .completion-list--first { background: $block-cursor-blurred-background; color: $foreground; }
        & > .completion-list--chosen {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        &:ansi { background: ansi_default; }
        &:ansi > .completion-list--first {
            background: ansi_default; color: ansi_default; text-style: underline;
        }
        &:ansi > .completion-list--chosen {
            background: ansi_default; color: ansi_default; text-style: reverse;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"completion-list--first", "completion-list--chosen"}
    ALLOW_SELECT = False

    @dataclass
    class Chosen(Message):
        """Posted to put `text` in place of what is between index `start` and the cursor."""

        start: int
        text: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: list[CompletionItem] = []
        self.start = 0
        self.index = 0
        self.navigated = False
        """The user moved in the list: from then on Enter takes the completion."""
        self._top = 0

    def open(self, items: Sequence[CompletionItem], start: int, cursor: Offset, typed: str) -> None:
        """Show `items` beside the cursor, whose place on the screen is given, in front of which `typed` stands."""
        # A name that cannot be shown as it is cannot be inserted either: it might not be what it looks like.
        self.items = [item for item in items if clean(item.text) == item.text][:LIMIT]
        if not self.items:
            self.close()
            return
        self.start = start
        self.index = self._top = 0
        self.navigated = False
        height = min(SHOWN, len(self.items))
        self._names = min(max(cell_len(item.text) for item in self.items), WIDEST)
        self._kinds = max(cell_len(clean(item.kind, 20)) for item in self.items)
        self.styles.height = height
        self.styles.width = self._names + self._kinds + 4
        above = cursor.y - height
        self.absolute_offset = Offset(cursor.x - cell_len(typed) - 1, above if above >= 0 else cursor.y + 1)
        self.display = True
        self.refresh(layout=True)

    def close(self) -> None:
        """Hide the list."""
        self.items = []
        self.navigated = False
        self.display = False

    def move(self, by: int) -> None:
        """Go to another completion, around the ends; the first press of Down stays on the first one."""
        if not self.items:
            return
        self.index = (self.index + by) % len(self.items) if self.navigated or by < 0 else 0
        self.navigated = True
        self._top = min(max(self._top, self.index - SHOWN + 1), self.index)
        self.refresh()

    def take(self) -> bool:
        """Choose the completion under the cursor; return False when the list is hidden."""
        if not self.display or not self.items:
            return False
        self.post_message(self.Chosen(self.start, self.items[self.index].text))
        self.close()
        return True

    def render_line(self, y: int) -> Strip:
        index = self._top + y
        if index >= len(self.items):
            return Strip.blank(self.size.width, self.rich_style)
        item = self.items[index]
        style = self.rich_style
        if index == self.index:
            style += self.get_component_rich_style(
                "completion-list--chosen" if self.navigated else "completion-list--first"
            )
        kind = fit(clean(item.kind, 20), self._kinds)
        return Strip(
            [Segment(f" {fit(item.text, self._names)}  ", style), Segment(f"{kind} ", style)]
        ).adjust_cell_length(self.size.width, style)

    def on_click(self, event: events.Click) -> None:
        """Choose with the mouse."""
        event.stop()
        if self._top + event.y < len(self.items):
            self.index = self._top + event.y
            self.take()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-1)
