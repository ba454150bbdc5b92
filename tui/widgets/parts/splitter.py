"""A handle between two panes, to drag with the mouse."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


class Splitter(Widget):
    """The line between tree and panes, one column wide; it posts how far it was dragged."""

    DEFAULT_CSS = """
    Splitter { width: 1; height: 1fr; color: $border-blurred; background: $background; }
    Splitter:hover { color: $accent; }
    Splitter.-dragging { color: $accent; }
    """

    class Dragged(Message):
        """Posted when the pointer was dragged to this screen column."""

        def __init__(self, column: int) -> None:
            super().__init__()
            self.column = column

    def render_line(self, y: int) -> Strip:
        return Strip([Segment("│", self.rich_style)])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.add_class("-dragging")
        self.capture_mouse()
        event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.has_class("-dragging"):
            self.post_message(self.Dragged(int(event.screen_x)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.remove_class("-dragging")
        self.release_mouse()
