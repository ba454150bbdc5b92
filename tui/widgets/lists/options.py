"""Textual's list of options, without what ends the app."""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.geometry import Size
from textual.widgets import OptionList


class Options(OptionList):
    """A list of options without three faults of Textual's own.

    There a page key before it has any room, no column for a text, and a click where an option was a moment ago, raise.
    """

    def _update_lines(self) -> None:
        if self.scrollable_content_region.width - self._get_left_gutter_width() > self._option_padding:
            super()._update_lines()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height in rows of all options in `width` columns, of which a text has one at least."""
        return super().get_content_height(container, viewport, max(width, self._option_padding + 1))

    @property
    def _option_padding(self) -> int:
        return self.get_component_styles("option-list--option").padding.width

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self._lines and (self.highlighted or 0) in self._index_to_line:
            super()._move_page(direction)
        elif direction > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()

    async def _on_click(self, event: events.Click) -> None:
        # Textual calls the handler of its own class itself, after this one.
        clicked = event.style.meta.get("option")
        if not (isinstance(clicked, int) and 0 <= clicked < self.option_count):
            event.prevent_default()
