"""The numbers of one tensor: an endless table of which only what is seen is fetched, or a heat map of all of it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.worker import Worker

from models.messages import Of, Place
from tui.actions import bindings
from tui.asking import Ask
from tui.widgets.grid import grid_lines, palette
from tui.widgets.grid.grid_cursor import GridCursor
from tui.widgets.grid.grid_geometry import GridGeometry
from tui.widgets.grid.heat_plan import wanted
from tui.widgets.grid.tensor_data import TensorData
from tui.widgets.grid.tiles import TileKey
from tui.widgets.parts.load_when_visible import LoadWhenVisible

DEBOUNCE = 0.015
"""Seconds of rest before what is seen is asked for: a held key asks once."""


class ValueGrid(GridCursor, LoadWhenVisible, can_focus=True):
    """Elements with sticky indices, a cell cursor, and a line with every digit of the element under it.

    `show` chooses the tensor.  Nothing is asked while the widget is not shown.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings("grid")
    COMPONENT_CLASSES: ClassVar[set[str]] = palette.COMPONENTS | {
        "value-grid--index", "value-grid--here", "value-grid--cursor", "value-grid--exact", "value-grid--picked",
    }  # fmt: skip
    DEFAULT_CSS = (
        """
    ValueGrid {
        height: 1fr; background: $background; scrollbar-size: 1 1;
        & > .value-grid--index { color: $text-muted; }
        & > .value-grid--here { color: $foreground; text-style: bold; }
        & > .value-grid--exact { color: $foreground; background: $surface; }
        & > .value-grid--picked { color: $foreground; text-style: bold underline; }
        & > .value-grid--cursor { text-style: bold underline; background: $boost; }
        &:focus > .value-grid--cursor {
            color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold;
        }
        &:ansi > .value-grid--cursor { color: ansi_default; background: ansi_default; }
        &:ansi:focus > .value-grid--cursor { text-style: bold reverse; }
    """
        + palette.CSS
        + "}"
    )

    class RefineWanted(Message):
        """Posted when the user wants exact quantiles of this tensor."""

    class ExtremeWanted(Message):
        """Posted when the user wants to see where the extremes are."""

    class EditWanted(Message):
        """Posted when the user wants to change the element under the cursor, or some around it."""

        def __init__(self, path: str, of: Of, index: list[int], shape: list[int], present: str) -> None:
            super().__init__()
            self.path = path
            self.of = of
            self.index = index
            self.shape = shape
            self.present = present
            """The element as text."""

    class Known(Message):
        """Posted when the kind of tensor became known, or of what its elements are; `grid.data` has it."""

        def __init__(self, grid: ValueGrid) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> ValueGrid:
            return self.grid

    def __init__(self, ask: Ask, *, of: Of = "value", id: str | None = None) -> None:
        super().__init__(id=id)
        self.data = TensorData(ask, of)
        self._note = ""
        self._fetching: dict[TileKey, Worker[None]] = {}
        self._frame: tuple[int, Style] | None = None
        """Width and style while lines are drawn."""

    # -- what is shown

    def show(self, path: Place | None, without: str = "") -> None:
        """Show the tensor at `path` from its first element, or nothing at all; the same path is only refreshed.

        `without` is the sentence to show when it has no gradient.
        """
        if (path, without) == (self.data.path, self.data.without):
            self.refresh_values()
            return
        self.hold()
        self.data.open(path, without)
        self.set_reactive(ValueGrid.cursor, (0, 0))
        self.set_reactive(ValueGrid.dimension, 0)
        self.scroll_to(0, 0, animate=False)
        self._lay_out()
        self.want()

    def read_of(self, of: Of) -> None:
        """Turn to another tensor of the path, the cursor where it is; nothing is asked until `show`."""
        if of != self.data.of:
            self.hold()
            self.data.read_of(of)
            self.forget_drawing()

    def show_sentence(self, sentence: str) -> None:
        """Show a sentence, or nothing, in place of a tensor."""
        self.hold()
        self.data.show_sentence(sentence)
        self._lay_out()

    def refresh_values(self) -> None:
        """Ask again for what is seen; the old elements stay until the new ones come."""
        self.hold()
        self.data.spoil()
        self.want()

    def bound(self, biggest: float) -> None:
        """Take in the largest finite magnitude of the tensor, so that digits and colours do not change on the way."""
        self.data.bound(biggest)
        self._lay_out()

    def hold(self) -> None:
        """Drop every outstanding request: the user is moving on."""
        self.stop_seeking()
        self.workers.cancel_node(self)
        self._fetching.clear()

    # -- asking

    def want(self) -> None:
        """Request, after a moment of rest, the elements that are seen and not known."""
        self.request_load()

    @property
    def awaits_content(self) -> bool:
        data = self.data
        missing = data.shape is None or (self.heat and data.picture is None)
        return data.path is not None and missing and not data.sentence and self._at_work

    def load(self) -> None:
        if self.data.path is not None:
            self._settle()

    @work(group="settle", exclusive=True, exit_on_error=False)
    async def _settle(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        self.load_started()
        wants = self._missing()
        pending = {key: worker for key, worker in self._fetching.items() if not worker.is_finished}
        for key in set(pending) - set(wants):
            pending.pop(key).cancel()
        self._fetching = {key: pending.get(key) or self._fetch(key) for key in wants}
        if self.heat:
            shape = self.data.shape
            cells = wanted((self.data.height, self.data.width), shape is not None and len(shape) < 2, self.room)
            self._took(await self.data.fetch_picture(*cells, self.draws))

    def _missing(self) -> list[TileKey]:
        if self.heat:
            return self.data.tiles.missing(*self.block) if self.block and not self.data.sentence else []
        if self.data.shape is None or self.data.sentence:
            return [(0, 0)]
        return self.data.tiles.missing(*self.geometry.elements(self.seen_rows, self.seen_columns))

    @work(group="tile", exit_on_error=False)
    async def _fetch(self, key: TileKey) -> None:
        self._took(await self.data.fetch(key))

    def _took(self, news: bool) -> None:
        self.forget_drawing()
        self._lay_out()
        if news:
            self.dimension = max(len(self.data.leading) - 1, 0)
            self.call_later(self.want)
        if news or self.data.note != self._note:
            self._note = self.data.note
            self.post_message(self.Known(self))

    # -- geometry

    @property
    def seen_rows(self) -> range:
        """Return the lines of the grid that are in sight, without those of titles."""
        first = round(self.scroll_y)
        return range(first, max(first, min(first + self.view.height - self.top - self.bottom, self.geometry.rows)))

    @property
    def seen_columns(self) -> range:
        """Return the columns of the grid that are in sight, in whole or in part."""
        left = round(self.scroll_x)
        right = left + max(self.view.width - self.label_width, 0)
        return range(left // self.column_width, min(-(-right // self.column_width), self.geometry.columns))

    def _lay_out(self) -> None:
        """Size the plane anew, keeping the cursor in view when folded lines change their length."""
        data = self.data
        room_for = (self.view.width - len(str(data.width)) - 1) // (max(data.format.width, 4) + 2)
        across = self.geometry.across
        self.geometry = GridGeometry.of(data.shape or (), data.height, data.width, room_for)
        if self.heat or data.sentence or data.shape is None:
            self.extend(0, 0)
        else:
            width = self.label_width + self.geometry.columns * self.column_width
            self.extend(width, self.geometry.rows + self.top + self.bottom)
            self.cursor = self.geometry.moved(self.cursor, 0, 0)
            if across != self.geometry.across:
                self._reveal()
        self.refresh()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key means something for what is shown; the footer leaves the others out."""
        if action in ("slice", "dimension"):
            return bool(self.data.leading)
        if action == "stop_seeking":
            return self.seeking
        if action == "edit":
            is_own = self.data.of in ("value", "gradient") and isinstance(self.data.path, str)
            return is_own and (not self.data.sentence or self.data.absence == "none")
        return not self.data.sentence or action not in ("heat", "refine", "jump", "extreme", "nonfinite")

    # -- events

    def resized(self) -> None:
        self.forget_drawing()
        self._lay_out()
        self._go(self.cursor)
        self.want()

    def on_leave_screen(self) -> None:
        self.hold()
        self.want()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None
        if self.is_attached:
            self.forget_drawing()
        self.refresh()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self.want()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.want()

    def watch_heat(self) -> None:
        largest = None if self.heat else self.largest_here
        self.forget_drawing()
        self._lay_out()
        if largest is not None:  # what the line below the picture was about
            self.set_reactive(ValueGrid.cursor, largest)
        self._go(self.cursor)
        self.want()

    def watch_dimension(self) -> None:
        self.refresh(Region(0, 0, self.view.width, 1))

    def watch_cursor(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        self.stop_seeking()
        if self.heat:
            self._marked = None
            self.refresh()
            self.want()
            return
        for row in {self.geometry.place(old)[0], self.geometry.place(new)[0]}:
            self.refresh(Region(0, row - round(self.scroll_y) + self.top, self.view.width, 1))
        self.refresh(Region(0, 0, self.view.width, self.top))
        self.refresh(Region(0, self.view.height - 1, self.view.width, 1))

    # -- actions

    def action_heat(self) -> None:
        """Switch between numbers and heat map."""
        self.heat = not self.heat

    def action_refine(self) -> None:
        """Ask for exact quantiles: post `RefineWanted`."""
        self.post_message(self.RefineWanted())

    def action_edit(self) -> None:
        """Ask to change the element under the cursor: post `EditWanted`."""
        if not isinstance(self.data.path, str):
            return
        if self._shows_numbers and self.data.shape is not None:
            present = grid_lines.exact_number(self)
            self.post_message(self.EditWanted(self.data.path, self.data.of, self.index, self.data.shape, present))
        elif self.data.absence == "none":
            self.post_message(self.EditWanted(self.data.path, self.data.of, [], [], ""))

    def action_extreme(self) -> None:
        """Ask where the extremes are: post `ExtremeWanted`."""
        if self._shows_numbers:
            self.post_message(self.ExtremeWanted())

    # -- drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        self._frame = self.view.width, self.rich_style  # which Textual adds up anew each time
        try:
            return super().render_lines(crop)
        finally:
            self._frame = None

    def render_line(self, y: int) -> Strip:
        width, base = self._frame or (self.view.width, self.rich_style)
        segments: list[Segment] = grid_lines.line(self, y)
        return Strip(segments).extend_cell_length(width, base).crop(0, width).apply_style(base)
