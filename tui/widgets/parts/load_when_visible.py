"""A base of widgets that ask the engine only while they are on the screen.

The sure sign of that is being painted.  Textual's `Show` and `Resize` are no such sign: when a hidden widget was
refreshed, by a change of theme say, neither is sent when it comes to the screen again.
"""

from __future__ import annotations

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.guarded_app import guarded_drawing


class LoadWhenVisible(Widget):
    """A base to add after the class that draws: `class Info(Lines, LoadWhenVisible)`.

    Textual takes styles from the first base.
    """

    _on_screen = False
    _requested = False
    _painted_room: Size | None = None

    def request_load(self) -> None:
        """Have `load` called: at once, or when the widget comes to the screen."""
        self._requested = True
        if self._on_screen:
            self.load()

    @property
    def awaits_content(self) -> bool:
        """Return whether there is nothing yet that a key could act on, or of another object: keys wait for it."""
        return False

    @property
    def _at_work(self) -> bool:
        """Whether what is to be shown was requested, or is on its way."""
        return self._requested or any(worker.node is self and not worker.is_finished for worker in self.app.workers)

    def load_started(self) -> None:
        """Note that what was requested is being asked for; `load` calls it, perhaps a moment later."""
        self._requested = False

    def load(self) -> None:
        """Ask the engine for what is to be shown."""
        raise NotImplementedError

    def resized(self) -> None:
        """Take note of another room between the scrollbars than when it was painted before."""

    def on_leave_screen(self) -> None:
        """Drop what is under way: the widget went from the screen.  (`on_leave` is Textual's, for the mouse.)"""

    def on_hide(self) -> None:
        self._on_screen = False
        self.on_leave_screen()

    @guarded_drawing
    def render_lines(self, crop: Region) -> list[Strip]:
        if not self._on_screen or self._painted_room != self.scrollable_content_region.size:
            self._on_screen = True
            self.call_later(self._noticed)
        return super().render_lines(crop)

    def _noticed(self) -> None:
        room = self.scrollable_content_region.size
        if self._painted_room != room:
            self._painted_room = room
            self.resized()
        if self._requested and self._on_screen:
            self.load()
