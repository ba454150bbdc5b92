"""The list that all lists of the interface are made of: rows one cell high, of which only the visible ones are drawn.

`Lines` owns the cursor, scrolling, the mouse, text selection and how the cursor's row stands out.  It knows nothing of
where rows come from: a subclass sets `count` and gives `render_row`.  It costs the same for ten rows and ten million.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Blur, Click, Focus, Leave, MouseMove, Resize
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip

from models.messages import Problem
from tui.actions import bindings
from tui.guarded_app import guarded_drawing
from tui.line_breaks import wrap_words
from tui.text import clean
from tui.widgets.lists.marking import char_to_cell, restyle
from tui.widgets.lists.plane import Plane

MARGIN = 2
"""Rows kept in sight above and below the cursor."""

COPY_LIMIT = 10_000
"""Rows that a text selection hands out at most."""


class _Frame(NamedTuple):
    """What all lines of one drawing have in common."""

    width: int
    header_height: int
    base: Style
    offset: Offset
    selection: Selection | None


class Lines(Plane, can_focus=True):
    """A list of `count` rows with a `cursor`; subclasses give `render_row`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("list")
    ALLOW_SELECT = True
    HAS_HEADER: bool = False
    """Whether `render_header` gives a line that stays on top, where there is room for more than one line."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--cursor",
        "lines--cursor-blurred",
        "lines--hover",
        "lines--dim",
        "lines--strong",
        "lines--header",
        "lines--more",
        "lines--problem",
        "lines--match",
    }
    DEFAULT_CSS = """
    Lines {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        & > .lines--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .lines--cursor-blurred {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
        }
        & > .lines--hover { background: $boost; }
        & > .lines--dim { color: $text-muted; }
        & > .lines--strong { text-style: bold; }
        & > .lines--header { color: $text-muted; background: $panel; text-style: bold; }
        & > .lines--more { color: $text-muted; text-style: bold; }
        & > .lines--problem { color: $text-error; }
        & > .lines--match { text-style: bold underline; }
        &:ansi {
            & > .lines--dim { text-style: dim; }
            & > .lines--cursor { text-style: bold reverse; background: ansi_default; color: ansi_default; }
            & > .lines--cursor-blurred { text-style: bold; background: ansi_default; color: ansi_default; }
            & > .lines--header { text-style: underline; background: ansi_default; color: ansi_default; }
        }
    }
    """

    count: reactive[int] = reactive(0, init=False)
    """Rows in the list."""
    cursor: reactive[int] = reactive(0, init=False, repaint=False)
    """The row under the cursor; 0 in an empty list."""
    empty: reactive[str] = reactive("")
    """What stands there while there are no rows."""
    hovered: reactive[int | None] = reactive(None, init=False, repaint=False)
    """The row under the mouse."""

    class Moved(Message):
        """Posted when the cursor came to another row."""

        def __init__(self, lines: Lines, row: int) -> None:
            super().__init__()
            self.lines = lines
            self.row = row

        @property
        def control(self) -> Lines:
            return self.lines

    class Chosen(Moved):
        """Posted when a row was chosen, by a double click or by the list's own key."""

    class PathChosen(Message):
        """Posted when a row was chosen that stands for the object at `path`."""

        def __init__(self, lines: Lines, path: str) -> None:
            super().__init__()
            self.lines = lines
            self.path = path

        @property
        def control(self) -> Lines:
            return self.lines

    class Failed(Message):
        """Posted when the engine could not answer what this list asked."""

        def __init__(self, lines: Lines, problem: Problem) -> None:
            super().__init__()
            self.lines = lines
            self.problem = problem

        @property
        def control(self) -> Lines:
            return self.lines

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._widest = 0
        """Cells of the widest row that did not fit, among those drawn since the last change of size."""
        self._frame: _Frame | None = None

    # -- what a subclass gives

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        """Return the parts of row `index`, cleaned; a row that takes more than `width` cells can be scrolled sideways.

        Styles need no background: the list adds its own, and the cursor's.
        """
        raise NotImplementedError

    def render_header(self, width: int) -> Iterable[Segment]:
        """Return the parts of the line that stays on top of a list that says `HAS_HEADER`."""
        return ()

    # -- what a parent may use

    @property
    def view(self) -> Size:
        """Return the cells for rows and header: the widget without its scrollbar, padding and border."""
        return self.scrollable_content_region.size

    @property
    def row_width(self) -> int:
        """Return the cells that a row has beside the cursor's bar."""
        return max(self.view.width - 1, 0)

    @property
    def page_height(self) -> int:
        """Return how many rows fit below the header."""
        return max(self.view.height - self.header_height, 1)

    @property
    def top(self) -> int:
        """Return the index of the first row in sight."""
        return self.scroll_offset.y

    def look(self, name: str) -> Style:
        """Return the style of the component class `name`."""
        return self.get_component_rich_style(name)

    def refresh_row(self, index: int) -> None:
        """Draw one row again, if it is in sight."""
        self.refresh_rows(index, 1)

    def refresh_rows(self, start: int, count: int) -> None:
        """Draw the rows `start` to `start + count` again, those of them that are in sight."""
        first = max(start, self.top)
        last = min(start + count, self.top + self.page_height)
        if first < last:
            self.refresh_lines(first + self.header_height, last - first)

    def reveal(self, row: int) -> None:
        """Scroll as little as needed to have `row` in sight, with a margin."""
        height = self.page_height
        margin = min(MARGIN, (height - 1) // 2)
        top = self.top
        if row < top + margin:
            self.scroll_to_row(row - margin)
        elif row > top + height - 1 - margin:
            self.scroll_to_row(row - height + 1 + margin)

    def scroll_to_row(self, row: int) -> None:
        """Scroll so that `row` is at the top, as far as the list goes."""
        self.scroll_to(y=max(row, 0), animate=False, force=True)

    # -- state

    @property
    def header_height(self) -> int:
        """Return the lines that the header takes: none where there is room for one row alone."""
        return int(self.HAS_HEADER and self.view.height > 1)

    def _measure(self, width: int = 0) -> None:
        """Report to Textual how much there is to scroll; `width` is that of a row that was just drawn."""
        self._widest = max(width, self._widest)
        self.extend(self._widest, self.count + self.header_height)

    def validate_cursor(self, cursor: int) -> int:
        """Return the line nearest to `cursor` that there is; 0 in an empty list."""
        return max(0, min(cursor, self.count - 1))

    def watch_count(self) -> None:
        self._measure()
        self.cursor = self.cursor  # within the new bounds
        self.hovered = None
        self.refresh()

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_row(old)
        self.refresh_row(new)
        self.reveal(new)
        self.post_message(self.Moved(self, new))

    def watch_hovered(self, old: int | None, new: int | None) -> None:
        for row in (old, new):
            if row is not None:
                self.refresh_row(row)

    def on_resize(self, event: Resize) -> None:
        self.scroll_to(x=0, animate=False, force=True)
        self._widest = 0  # how wide rows are depends on the room they have
        self._measure()
        self.reveal(self.cursor)

    def on_focus(self, event: Focus) -> None:
        self.refresh_row(self.cursor)

    def on_blur(self, event: Blur) -> None:
        self.refresh_row(self.cursor)

    # -- drawing

    @guarded_drawing
    def render_lines(self, crop: Region) -> list[Strip]:
        self._frame = self._look_around()
        try:
            return super().render_lines(crop)
        finally:
            self._frame = None

    def _look_around(self) -> _Frame:
        # A list that is being removed may be drawn once more, without a screen that knows what is selected.
        selection = self.text_selection if self.is_attached else None
        return _Frame(self.view.width, self.header_height, self.rich_style, self.scroll_offset, selection)

    def render_line(self, y: int) -> Strip:
        frame = self._frame or self._look_around()
        header_height = frame.header_height
        if y < header_height:
            title = [Segment(" "), *self.render_header(frame.width - 1)]
            return self._line(title, frame, self.look("lines--header"), -1)
        row = frame.offset.y + y - header_height
        if row >= self.count:
            return self._blank(y - header_height, frame)
        bar, over = " ", None
        if row == self.cursor:
            bar = "▌" if self.has_focus else "▏"
            over = self.look("lines--cursor" if self.has_focus else "lines--cursor-blurred")
        elif row == self.hovered:
            over = Style(bgcolor=self.look("lines--hover").bgcolor)
        return self._line([Segment(bar), *self.render_row(row, frame.width - 1)], frame, over, row)

    def _blank(self, y: int, frame: _Frame) -> Strip:
        """A line below the rows: the text of the empty list, or nothing."""
        if self.count == 0 and self.empty:
            lines = wrap_words(clean(self.empty), max(frame.width - 2, 1))
            if 0 <= y < len(lines):
                text = Segment(" " + lines[y], frame.base + self.look("lines--dim"))
                return Strip([text]).adjust_cell_length(frame.width, frame.base).apply_offsets(0, y)
        return Strip.blank(frame.width, frame.base).apply_offsets(0, self.count)

    def _line(self, parts: list[Segment], frame: _Frame, over: Style | None, y: int) -> Strip:
        """A bar of one cell, which stays, and parts, which scroll sideways, in a strip as wide as the widget."""
        width = frame.width
        ground = frame.base if over is None else frame.base + over
        line = Strip(Segment.apply_style(parts, frame.base, over))
        if line.cell_length > max(self._widest, width):
            self.call_next(self._measure, line.cell_length)
        if frame.selection is not None and (span := frame.selection.get_span(y)) is not None:
            line = self._select(line, span)
        start = frame.offset.x
        if start == 0 and line.cell_length <= width:
            return line.extend_cell_length(width, ground).apply_offsets(0, y)
        bar, rest = line.crop(0, 1), line.crop(start + 1)
        if rest.cell_length > width - 1:
            more = Strip([Segment("›", ground + self.look("lines--more"))])
            rest = Strip.join([rest.crop(0, width - 2), more])
        rest = rest.extend_cell_length(width - 1, ground)
        skipped = len(line.crop(0, start + 1).text)
        return Strip.join([bar.apply_offsets(0, y), rest.apply_offsets(skipped, y)])

    def _select(self, line: Strip, span: tuple[int, int]) -> Strip:
        start, end = span
        text = line.text
        stop = line.cell_length if end < 0 else char_to_cell(text, end)
        style = self.screen.get_component_rich_style("screen--selection")
        return restyle(line, char_to_cell(text, start), stop, style)

    # -- text selection

    def row_text(self, index: int) -> str:
        """Return what stands in row `index`, the cell of the cursor's bar included as a space."""
        return " " + "".join(part.text for part in self.render_row(index, self.row_width)).rstrip()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text as Textual copies it, and what ends it; None for no selection."""
        start, end = selection
        first = 0 if start is None else max(start.y, 0)
        last = self.count - 1 if end is None else min(end.y, self.count - 1)
        lines = [self.row_text(index) for index in range(first, min(last + 1, first + COPY_LIMIT))]
        if lines and end is not None and last == end.y:
            lines[-1] = lines[-1][: end.x]
        if lines and start is not None and first == start.y:
            lines[0] = lines[0][start.x :]
        text = "\n".join(line.removeprefix(" ") for line in lines)
        return (text, "\n") if text else None

    # -- mouse

    def _row_at(self, event: MouseMove | Click) -> int | None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.header_height:
            return None
        row = self.top + offset.y - self.header_height
        return row if row < self.count else None

    def on_mouse_move(self, event: MouseMove) -> None:
        self.hovered = self._row_at(event)

    def on_leave(self, event: Leave) -> None:
        self.hovered = None

    def on_click(self, event: Click) -> None:
        event.prevent_default()  # a double click would select all the text
        row = self._row_at(event)
        if row is None or self.text_selection is not None:
            return
        self.click_row(row, event)

    def click_row(self, row: int, event: Click) -> None:
        """Put the cursor on `row`, which was clicked; choose it after a double click."""
        self.cursor = row
        if event.chain == 2:
            self.action_choose()

    # -- actions of every list

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows, up where they are negative."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many pages, up where they are negative."""
        self.cursor += pages * max(self.page_height - 1, 1)

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = self.count - 1

    def action_sideways(self, cells: int) -> None:
        """Scroll by so many cells, to the left where they are negative."""
        self.scroll_to(x=self.scroll_offset.x + cells, animate=False, force=True)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.count:
            self.post_message(self.Chosen(self, self.cursor))
