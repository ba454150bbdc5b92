"""A base of widgets that ask the engine only while they are on the screen.

The sure sign of that is being painted.  Textual's `Show` and `Resize` are no such sign: when a hidden widget was
refreshed, by a change of theme say, neither is sent when it comes to the screen again.
"""

from __future__ import annotations

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.guarded_app import guarded_drawing


class Seen(Widget):
    """Add it after the class that draws: `class Info(Lines, Seen)`; Textual takes styles from the first base."""

    _seen = False
    _late = False
    _painted_room: Size | None = None

    def later(self) -> None:
        """There is something to ask: `catch_up` is called at once, or when the widget comes to the screen."""
        self._late = True
        if self._seen:
            self.catch_up()

    def caught_up(self) -> None:
        """Everything late was asked."""
        self._late = False

    def catch_up(self) -> None:
        """Ask for what is late."""
        raise NotImplementedError

    def resized(self) -> None:
        """There is another room between the scrollbars than when it was painted before."""

    def left(self) -> None:
        """The widget went from the screen."""

    def on_hide(self) -> None:
        self._seen = False
        self.left()

    @guarded_drawing
    def render_lines(self, crop: Region) -> list[Strip]:
        if not self._seen or self._painted_room != self.scrollable_content_region.size:
            self._seen = True
            self.call_later(self._noticed)
        return super().render_lines(crop)

    def _noticed(self) -> None:
        room = self.scrollable_content_region.size
        if self._painted_room != room:
            self._painted_room = room
            self.resized()
        if self._late and self._seen:
            self.catch_up()
