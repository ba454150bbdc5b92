"""The numbers of one tensor: an endless sheet of which only what is seen is fetched, or a heat map of all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import Worker

from models.messages import Of
from tui.actions import bindings
from tui.asking import Ask
from tui.widgets import grid_lines, palette
from tui.widgets.going import Going
from tui.widgets.heat import picture, room
from tui.widgets.palette import Palette
from tui.widgets.plane import Plane
from tui.widgets.seen import Seen
from tui.widgets.sheet import Sheet
from tui.widgets.tiles import Key

DEBOUNCE = 0.015
"""Seconds of rest before what is seen is asked for: a held key asks once."""
WHEEL = 3
"""Rows that one turn of the wheel moves."""


class ValueGrid(ScrollView, Going, Seen, can_focus=True):
    """Numbers with sticky indices, a cell cursor, and a line that tells the entry under it exactly.

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

    heat: reactive[bool] = reactive(False, init=False)
    """Draw the whole matrix as a heat map instead of numbers."""
    dimension: reactive[int] = reactive(0, init=False)
    """The leading dimension that `,` and `.` change."""

    class RefineWanted(Message):
        """The user wants exact quantiles of this tensor."""

    class Known(Message):
        """What kind of tensor it is became known, or of what its numbers are: `grid.sheet` tells."""

        def __init__(self, grid: ValueGrid) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> ValueGrid:
            return self.grid

    def __init__(self, ask: Ask, *, of: Of = "value", id: str | None = None) -> None:
        super().__init__(id=id)
        self.sheet = Sheet(ask, of)
        self._note = ""
        self.plane = Plane(0, 0)
        self._fetching: dict[Key, Worker[None]] = {}
        self._palette: Palette | None = None
        self._drawn: list[list[Segment]] | None = None

    # -- what is shown

    def show(self, path: str | None, without: str = "") -> None:
        """Show the tensor at `path` from its first entry, or nothing at all; the same path is only refreshed.

        `without` is what to say when it has no gradient.
        """
        if (path, without) == (self.sheet.path, self.sheet.without):
            self.refresh_values()
            return
        self.hold()
        self.sheet.open(path, without)
        self.set_reactive(ValueGrid.cursor, (0, 0))
        self.set_reactive(ValueGrid.dimension, 0)
        self.scroll_to(0, 0, animate=False)
        self._lay_out()
        self.want()

    def say(self, sentence: str) -> None:
        """Show a sentence, or nothing, in place of a tensor."""
        self.hold()
        self.sheet.say(sentence)
        self._lay_out()

    def refresh_values(self) -> None:
        """Ask again for what is seen; the old numbers stay until the new ones come."""
        self.hold()
        self.sheet.spoil()
        self.want()

    def bound(self, biggest: float) -> None:
        """Tell the largest finite magnitude of the tensor, so that digits and colours do not change on the way."""
        self.sheet.bound(biggest)
        self._lay_out()

    def hold(self) -> None:
        """Drop every outstanding request: the user is moving on."""
        self.stop_seeking()
        self.workers.cancel_node(self)
        self._fetching.clear()

    # -- asking

    def want(self) -> None:
        """Ask, after a moment of rest, for what is seen and not known."""
        self.later()

    def catch_up(self) -> None:
        if self.sheet.path is not None:
            self._settle()

    @work(group="settle", exclusive=True, exit_on_error=False)
    async def _settle(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        self.caught_up()
        wanted = [] if self.heat else self._missing()
        asked = {key: worker for key, worker in self._fetching.items() if not worker.is_finished}
        for key in set(asked) - set(wanted):
            asked.pop(key).cancel()
        self._fetching = {key: asked.get(key) or self._fetch(key) for key in wanted}
        if self.heat:
            self._took(await self.sheet.fetch_picture(*room(*self._picture_room, self.palette.mixes)))

    def _missing(self) -> list[Key]:
        if self.sheet.shape is None or self.sheet.sentence:
            return [(0, 0)]
        return self.sheet.tiles.missing(*self.plane.entries(self.seen_rows, self.seen_columns))

    @work(group="tile", exit_on_error=False)
    async def _fetch(self, key: Key) -> None:
        self._took(await self.sheet.fetch(key))

    def _took(self, news: bool) -> None:
        self._drawn = None
        self._lay_out()
        if news:
            self.dimension = max(len(self.sheet.leading) - 1, 0)
            self.call_later(self.want)
        if news or self.sheet.note != self._note:
            self._note = self.sheet.note
            self.post_message(self.Known(self))

    # -- geometry

    @property
    def view(self) -> Size:
        """Lines and characters between the scrollbars."""
        return self.scrollable_content_region.size

    @property
    def top(self) -> int:
        """Lines above the numbers: leading indices where there are some, then column indices."""
        return (1 if self.sheet.leading else 0) + (0 if self.heat else 1)

    @property
    def bottom(self) -> int:
        """Lines below: the entry told exactly, or the legend."""
        return 1

    @property
    def label_width(self) -> int:
        """Characters of the row indices."""
        return len(self.plane.row_label(max(self.plane.rows - 1, 0))) + 1

    @property
    def column_width(self) -> int:
        return max(self.sheet.format.width, len(self.plane.column_label(max(self.plane.columns - 1, 0)))) + 2

    @property
    def seen_rows(self) -> range:
        first = round(self.scroll_y)
        return range(first, max(first, min(first + self.view.height - self.top - self.bottom, self.plane.rows)))

    @property
    def seen_columns(self) -> range:
        left = round(self.scroll_x)
        right = left + max(self.view.width - self.label_width, 0)
        return range(left // self.column_width, min(-(-right // self.column_width), self.plane.columns))

    @property
    def _picture_room(self) -> tuple[int, int]:
        return self.view.width, max(self.view.height - self.top - self.bottom, 1)

    def _lay_out(self) -> None:
        """Size the plane anew, keeping the cursor in view when folded lines change their length."""
        sheet = self.sheet
        room_for = (self.view.width - len(str(sheet.width)) - 1) // (max(sheet.format.width, 4) + 2)
        across, self.plane = self.plane.across, Plane.of(sheet.shape or (), sheet.height, sheet.width, room_for)
        if self.heat or sheet.sentence or sheet.shape is None:
            self.virtual_size = Size(0, 0)
        else:
            self.virtual_size = Size(
                self.label_width + self.plane.columns * self.column_width, self.plane.rows + self.top + self.bottom
            )
            self.cursor = self.plane.moved(self.cursor, 0, 0)
            if across != self.plane.across:
                self._reveal()
        self.refresh()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key means something for what is shown; the footer leaves the others out."""
        if action in ("slice", "dimension"):
            return bool(self.sheet.leading)
        if action == "stop_seeking":
            return self.seeking
        return not self.sheet.sentence or action not in ("heat", "refine", "jump", "nonfinite")

    # -- events

    def resized(self) -> None:
        self._drawn = None
        self._lay_out()
        self._go(self.cursor)
        self.want()

    def left(self) -> None:
        self.hold()
        self.want()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = self._drawn = None
        self.refresh()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self.want()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.want()

    def watch_heat(self) -> None:
        self._drawn = None
        self._lay_out()
        self._go(self.cursor)
        self.want()

    def watch_dimension(self) -> None:
        self.refresh(Region(0, 0, self.view.width, 1))

    def watch_cursor(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        self.stop_seeking()
        for row in {self.plane.place(old)[0], self.plane.place(new)[0]}:
            self.refresh(Region(0, row - round(self.scroll_y) + self.top, self.view.width, 1))
        self.refresh(Region(0, 0, self.view.width, self.top))
        self.refresh(Region(0, self.view.height - 1, self.view.width, 1))

    async def on_click(self, event: events.Click) -> None:
        row = event.y - self.top + round(self.scroll_y)
        across = event.x - self.label_width + round(self.scroll_x)
        if self.heat or not (self.top <= event.y < self.view.height - self.bottom) or event.x < self.label_width:
            return
        entry = self.plane.entry(row, across // self.column_width)
        if entry is not None:
            self.cursor = entry

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseScrollDown | events.MouseScrollUp, way: int) -> None:
        """Move view and cursor together, so that the exact line always tells an entry that is seen."""
        event.stop()
        event.prevent_default()  # the base class scrolls as well
        if event.shift or event.ctrl:
            self.scroll_to(x=self.scroll_x + way * self.column_width, animate=False)
            self.cursor = self.plane.moved(self.cursor, 0, way)
        else:
            self.scroll_to(y=self.scroll_y + way * WHEEL, animate=False)
            self.cursor = self.plane.moved(self.cursor, way * WHEEL, 0)
        self._reveal()

    # -- actions

    def action_step(self, down: int, right: int) -> None:
        if self.heat:
            self.action_slice(down + right)
        self._go(self.plane.moved(self.cursor, down, right))

    def action_leap(self, down: int, right: int) -> None:
        rows = max(self.view.height - self.top - self.bottom - 1, 1)
        columns = max((self.view.width - self.label_width) // self.column_width - 1, 1)
        self._go(self.plane.moved(self.cursor, down * rows, 0 if down else right * columns))

    def action_corner(self, last: int) -> None:
        self._go((self.sheet.height - 1, self.sheet.width - 1) if last else (0, 0))

    def action_slice(self, step: int) -> None:
        index, shape = list(self.sheet.leading), self.sheet.shape
        if not index or not shape:
            return
        for dimension in range(self.dimension, -1, -1):  # past its end the next outer one goes on, as digits do
            index[dimension] = (index[dimension] + step) % shape[dimension]
            if index[dimension] != (0 if step > 0 else shape[dimension] - 1):
                self._turn(tuple(index))
                return

    def action_dimension(self) -> None:
        if self.sheet.leading:
            self.dimension = (self.dimension + 1) % len(self.sheet.leading)

    def _turn(self, leading: tuple[int, ...]) -> None:
        if leading != self.sheet.leading:
            self.hold()
            self.sheet.turn(leading)
            self.refresh()
            self.want()

    def action_heat(self) -> None:
        self.heat = not self.heat

    def action_refine(self) -> None:
        self.post_message(self.RefineWanted())

    def go_to(self, index: Sequence[int]) -> None:
        self.heat = False
        self._turn(tuple(index[:-2]))
        self._go(((0, 0, *index)[-2], (0, 0, *index)[-1]))

    def _go(self, entry: tuple[int, int]) -> None:
        if not self.heat and not self.sheet.sentence and self.sheet.shape is not None:
            self.cursor = entry
            self._reveal()

    def _reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        row, column = self.plane.place(self.cursor)
        rows = max(self.view.height - self.top - self.bottom, 1)
        room_for = max(self.view.width - self.label_width, self.column_width)
        left = column * self.column_width
        self.scroll_to(
            x=min(max(self.scroll_x, left + self.column_width - room_for), left),
            y=min(max(self.scroll_y, row - rows + 1), row),
            animate=False,
        )

    # -- drawing

    @property
    def palette(self) -> Palette:
        if self._palette is None:
            self._palette = Palette(self)
        return self._palette

    @property
    def drawn(self) -> list[list[Segment]]:
        """The lines of the heat map."""
        if self._drawn is None:
            cells = self.sheet.picture
            self._drawn = picture(cells, self.palette, *self._picture_room) if cells is not None else []
        return self._drawn

    def style_of(self, name: str) -> Style:
        return self.get_component_rich_style(f"value-grid--{name}")

    def render_line(self, y: int) -> Strip:
        width = self.view.width
        segments: list[Segment] = grid_lines.line(self, y)
        return Strip(segments).extend_cell_length(width, self.rich_style).crop(0, width).apply_style(self.rich_style)
