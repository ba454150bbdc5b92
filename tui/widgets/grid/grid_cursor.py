"""Moving through a `ValueGrid`: its cursor by keys, clicks and the wheel, and from slice to slice.

Part of `ValueGrid`, which asks for what comes into sight.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Size
from textual.reactive import reactive

from tui.widgets.grid.grid_geometry import GridGeometry
from tui.widgets.grid.heat_view import HeatView
from tui.widgets.grid.seek_nonfinite import SeekNonfinite
from tui.widgets.lists.plane import Plane

WHEEL = 3
"""Rows that one turn of the wheel moves."""


class GridCursor(Plane, HeatView, SeekNonfinite):
    """A plane of elements, or a heat map, with a cursor that stays in view."""

    dimension: reactive[int] = reactive(0, init=False)
    """The leading dimension that `,` and `.` change."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.geometry = GridGeometry(0, 0)

    def hold(self) -> None:
        """Drop every outstanding request: the user is moving on."""
        raise NotImplementedError

    def want(self) -> None:
        """Request, after a moment of rest, the elements that are seen and not known."""
        raise NotImplementedError

    @property
    def view(self) -> Size:
        """Return lines and characters between the scrollbars."""
        return self.scrollable_content_region.size

    @property
    def label_width(self) -> int:
        """Return the characters of the row indices."""
        return len(self.geometry.row_label(max(self.geometry.rows - 1, 0))) + 1

    @property
    def column_width(self) -> int:
        """Return the characters of a column and the gap before it."""
        return max(self.data.format.width, len(self.geometry.column_label(max(self.geometry.columns - 1, 0)))) + 2

    def go_to(self, index: Sequence[int]) -> None:
        self.heat = False
        self._turn(tuple(index[:-2]))
        self._go(((0, 0, *index)[-2], (0, 0, *index)[-1]))

    def _go(self, element: tuple[int, int]) -> None:
        if not self.data.sentence and self.data.shape is not None:
            self.cursor = element
            if not self.heat:
                self._reveal()

    def _reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        row, column = self.geometry.place(self.cursor)
        rows = max(self.view.height - self.top - self.bottom, 1)
        room_for = max(self.view.width - self.label_width, self.column_width)
        left = column * self.column_width
        self.scroll_to(
            x=min(max(self.scroll_x, left + self.column_width - room_for), left),
            y=min(max(self.scroll_y, row - rows + 1), row),
            animate=False,
        )

    # -- keys

    def action_step(self, down: int, right: int) -> None:
        """Move the cursor by elements, or by cells of a heat map."""
        if self.heat:
            self.go_in_picture(down, right)
        else:
            self._go(self.geometry.moved(self.cursor, down, right))

    def action_leap(self, down: int, right: int) -> None:
        """Move the cursor by a page, or by half a heat map."""
        if self.heat and self.plan is not None:
            self.go_in_picture(down * max(self.plan.rows // 2, 1), right * max(self.plan.columns // 2, 1))
            return
        rows = max(self.view.height - self.top - self.bottom - 1, 1)
        columns = max((self.view.width - self.label_width) // self.column_width - 1, 1)
        self._go(self.geometry.moved(self.cursor, down * rows, 0 if down else right * columns))

    def action_corner(self, last: int) -> None:
        """Move the cursor to the first element, or to the `last`."""
        self._go((self.data.height - 1, self.data.width - 1) if last else (0, 0))

    def action_slice(self, direction: int) -> None:
        """Turn to the next (1) or previous (-1) index of the leading dimension that is chosen."""
        index, shape = list(self.data.leading), self.data.shape
        if not index or not shape:
            return
        for dimension in range(self.dimension, -1, -1):  # past its end the next outer one goes on, as digits do
            index[dimension] = (index[dimension] + direction) % shape[dimension]
            if index[dimension] != (0 if direction > 0 else shape[dimension] - 1):
                self._turn(tuple(index))
                return

    def action_dimension(self) -> None:
        """Choose the next leading dimension for `,` and `.`."""
        if self.data.leading:
            self.dimension = (self.dimension + 1) % len(self.data.leading)

    def _turn(self, leading: tuple[int, ...]) -> None:
        if leading != self.data.leading:
            self.hold()
            self.data.turn(leading)
            self.refresh()
            self.want()

    # -- mouse

    async def on_click(self, event: events.Click) -> None:
        if self.heat and self.plan is not None:
            if (place := self.plan.at(event.y - self.top, event.x - self.heat_margin)) is not None:
                self.go_in_picture_to(place)
            return
        row = event.y - self.top + round(self.scroll_y)
        across = event.x - self.label_width + round(self.scroll_x)
        if self.heat or not (self.top <= event.y < self.view.height - self.bottom) or event.x < self.label_width:
            return
        element = self.geometry.element(row, across // self.column_width)
        if element is not None:
            self.cursor = element

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseScrollDown | events.MouseScrollUp, way: int) -> None:
        """Move view and cursor together, so that the exact line is always of an element that is seen."""
        event.stop()
        event.prevent_default()  # the base class scrolls as well
        if self.heat:
            self.go_in_picture(0 if event.shift or event.ctrl else way, way if event.shift or event.ctrl else 0)
        elif event.shift or event.ctrl:
            self.scroll_to(x=self.scroll_x + way * self.column_width, animate=False)
            self.cursor = self.geometry.moved(self.cursor, 0, way)
        else:
            self.scroll_to(y=self.scroll_y + way * WHEEL, animate=False)
            self.cursor = self.geometry.moved(self.cursor, way * WHEEL, 0)
        self._reveal()
