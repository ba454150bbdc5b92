"""What is scrolled over and draws its own lines: how much of it there is, given to Textual in one place."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView

FARTHEST = 2**50
"""Cells that can be scrolled to in either direction: Textual counts in floats, which leave some out beyond 2**53."""


class Plane(ScrollView):
    """A widget that draws its own lines and is scrolled over them, however many they are."""

    def extend(self, width: int, height: int) -> None:
        """Have so many cells to scroll over.

        The screen is laid out anew only where a scroll bar comes or goes: it costs more than all that a list draws when
        it grows.
        """
        wanted = Size(min(width, FARTHEST), min(height, FARTHEST))
        if wanted == self.virtual_size:
            return
        if self.styles.auto_dimensions:  # its own size is that of what it holds
            self.virtual_size = wanted
            return
        self.set_reactive(Plane.virtual_size, wanted)
        self._scroll_update(wanted)
