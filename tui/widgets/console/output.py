"""The console's log: what was run and what came of it, bounded, drawn a visible line at a time.

Lines are laid out in rows: up to `KEPT_WHOLE` cells a line keeps its alignment and scrolls sideways (a tensor's repr is
a table), a longer one is wrapped at the width of the pane.  What is printed is gathered and laid out every `TICK`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from tui.line_breaks import word_points
from tui.printed import PrintedLines
from tui.text import clean
from tui.widgets.lists.plane import Plane
from tui.widgets.parts.layout import crop_text, wrap_points

OutputKind = Literal["statement", "value", "stdout", "stderr", "problem", "traceback", "hint", "note"]

MAX_LINES = 10_000
TICK = 0.05
"""Seconds."""
GATHERED = 4_000_000
"""Characters printed within one tick, from which on they are laid out at once."""
KEPT_WHOLE = 132
"""Cells."""
CUT = "…"
"""In the last cell of a line that goes on to the right."""
PROSE = ("note", "problem", "traceback", "hint")
"""Kinds of lines that are broken at words, and need no scrolling sideways."""

_MARKS = {"statement": ">>> ", "stderr": "┆ ", "problem": "✗ ", "traceback": "  ", "hint": "→ ", "note": "· "}
"""Drawn before a line and not copied with it, so that no kind is known by its colour alone."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line of the log, and of which kind it is."""

    kind: str
    text: str
    """Cleaned."""
    mark: str = ""


class OutputRow(NamedTuple):
    """One row of the pane: characters `start` to `end` of a line."""

    line: int
    """Number of the line since the log began; lines that were dropped are counted."""
    start: int
    end: int


class Output(Plane, can_focus=True):
    """A bounded log.  Stays at its end unless scrolled up; a mouse selection copies the lines without marks."""

    ALLOW_SELECT = True
    SHOWS_FAULTS = True
    """Read by the app: when this cannot be drawn, no fault can be shown."""
    DEFAULT_CSS = """
    Output {
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size-horizontal: 1;
        scrollbar-size-vertical: 1;
        & > .output--statement { color: $foreground; text-style: bold; }
        & > .output--mark { color: $text-accent; }
        & > .output--value { color: $foreground; }
        & > .output--stdout { color: $foreground; }
        & > .output--stderr { color: $text-warning; }
        & > .output--problem { color: $text-error; text-style: bold; }
        & > .output--traceback { color: $foreground; }
        & > .output--hint { color: $text-warning; text-style: bold; }
        & > .output--note { color: $text-secondary; text-style: italic; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "output--statement", "output--mark", "output--value", "output--stdout", "output--stderr", "output--problem",
        "output--traceback", "output--hint", "output--note",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page_down", "Page down", show=False),
        Binding("home,g", "scroll_home", "First line", show=False),
        Binding("end,G", "scroll_end", "Last line", show=False),
        Binding("left,h,shift+left", "sideways(-8)", "Scroll left", show=False),
        Binding("right,l,shift+right", "sideways(8)", "Scroll right", show=False),
        Binding("ctrl+l", "clear", "Clear the console", show=False),
    ]

    class Grew(Message):
        """Posted when the log has more rows than it had ever before, as `rows`."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._most = 0
        self._lines: list[OutputLine] = []
        self._dropped = 0
        self._rows: list[OutputRow] = []
        self._open_lines = 0
        """Lines at the end that printed text can still change."""
        self._printed = PrintedLines()
        self._gathered: list[tuple[str, str]] = []
        self._gathered_size = 0
        self._laid_out_for = 0
        self._widest = 0
        self._follows = True
        """The end stays in sight."""

    def on_mount(self) -> None:
        self.set_interval(TICK, self._tick)

    # -- what is written

    def print(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Show printed text at the next tick."""
        self._gathered.append((stream, text))
        self._gathered_size += len(text)
        if self._gathered_size > GATHERED:
            self.flush()

    def write(self, kind: OutputKind, text: str) -> None:
        """Append the lines of a text, after everything that was printed before."""
        self._read_gathered()
        self._printed.seal()
        self._take_printed()
        added = []
        for index, line in enumerate(text.split("\n")[-MAX_LINES:]):
            mark = "... " if kind == "statement" and index else _MARKS.get(kind, "")
            added.append(OutputLine(kind, clean(line.rstrip("\r").expandtabs(8)), mark))
        self._extend(added)
        self._show()

    def flush(self) -> None:
        """Show what was printed now, not at the next tick."""
        if self._gathered:
            self._read_gathered()
            self._take_printed()
            self._show()

    def action_clear(self) -> None:
        """Forget everything; the history of statements stays."""
        self._gathered.clear()
        self._gathered_size = 0
        self._printed = PrintedLines()
        self._dropped += len(self._lines)
        self._lines.clear()
        self._rows.clear()
        self._open_lines = self._widest = 0
        self._show()

    def action_sideways(self, by: int) -> None:
        """Scroll by so many columns, which may be negative."""
        self.scroll_relative(x=by, animate=False)

    @property
    def lines(self) -> list[OutputLine]:
        """Return what the log holds, printed text that still waits for its tick included."""
        self.flush()
        return list(self._lines)

    # -- lines

    def _tick(self) -> None:
        self.flush()

    def _read_gathered(self) -> None:
        gathered, self._gathered, self._gathered_size = self._gathered, [], 0
        index = 0
        while index < len(gathered):
            stream = gathered[index][0]
            end = index
            while end < len(gathered) and gathered[end][0] == stream:
                end += 1
            self._printed.feed(stream, "".join(text for _, text in gathered[index:end]), MAX_LINES)
            index = end

    def _take_printed(self) -> None:
        """Replace the open lines with what the printed text has become."""
        self._drop_last(self._open_lines)
        finished, still_open = self._printed.take(), self._printed.open
        if still_open and not still_open[-1].text:
            still_open = still_open[:-1]  # the cursor waits on a new line: nothing to show of it
        made = [
            OutputLine(line.kind, clean(line.text), _MARKS.get(line.kind, ""))
            for line in [*finished[-MAX_LINES:], *still_open]
        ]
        self._open_lines = len(still_open)
        self._extend(made)

    def _extend(self, lines: list[OutputLine]) -> None:
        index = self._dropped + len(self._lines)
        self._lines.extend(lines)
        for offset, line in enumerate(lines):
            self._lay_out(index + offset, line)
        surplus = len(self._lines) - MAX_LINES
        if surplus > 0:
            del self._lines[:surplus]
            self._dropped += surplus
            gone = next((index for index, row in enumerate(self._rows) if row.line >= self._dropped), 0)
            del self._rows[:gone]
            if not self._follows:
                self.set_scroll(None, max(0, self.scroll_offset.y - gone))

    def _drop_last(self, count: int) -> None:
        if count:
            del self._lines[-count:]
            end = self._dropped + len(self._lines)
            while self._rows and self._rows[-1].line >= end:
                self._rows.pop()

    # -- rows

    def _lay_out(self, index: int, line: OutputLine) -> None:
        width = max(1, self._laid_out_for)
        size = cell_len(line.text) + len(line.mark)
        prose = line.kind in PROSE
        if size <= (width if prose else max(width, KEPT_WHOLE)):
            self._widest = max(self._widest, size)
            self._rows.append(OutputRow(index, 0, len(line.text)))
            return
        start = 0
        wrap = word_points if prose else wrap_points
        for end in wrap(line.text, max(1, width - len(line.mark))):
            self._rows.append(OutputRow(index, start, end))
            start = end

    def _lay_out_all(self) -> None:
        self._rows.clear()
        self._widest = 0
        for offset, line in enumerate(self._lines):
            self._lay_out(self._dropped + offset, line)

    def on_resize(self, event: events.Resize) -> None:
        self._fit_width()
        self._show()

    def _fit_width(self) -> bool:
        """Lay all lines out for the present width; return False where they are."""
        width = self.scrollable_content_region.width
        if width == self._laid_out_for:
            return False
        self._laid_out_for = width
        self._lay_out_all()
        return True

    def _show(self) -> None:
        if self._laid_out_for and len(self._rows) > self._most:
            self._most = len(self._rows)
            self.post_message(self.Grew(self._most))
        follows = self._follows  # a smaller size moves the offset, which is no wish of the user
        self.extend(self._widest, len(self._rows))
        if self._laid_out_for and self._fit_width():  # a scroll bar came or went, which has a column
            self.extend(self._widest, len(self._rows))
        if follows and not self.is_vertical_scrollbar_grabbed:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_vertical_scroll_end

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        left, top = self.scroll_offset
        if not 0 <= top + y < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[top + y]
        line = self._lines[row.line - self._dropped]
        mark = line.mark if row.start == 0 else " " * len(line.mark)
        style = base + self.get_component_rich_style(f"output--{line.kind}", partial=True)
        start, text = crop_text(line.text[row.start : row.end], max(0, left - len(mark)))
        start += row.start
        room = width - len(mark[left:])
        if cell_len(text.rstrip()) > room > 1:  # it goes on to the right
            text = set_cell_size(text, room - 1) + CUT
        index = row.line - self._dropped
        mark_style = base + self.get_component_rich_style("output--mark", partial=True)
        # Every cell of the mark means the start of the line to a selection, so each is a segment of its own.
        at_start = (mark_style if line.kind == "statement" else style) + Style.from_meta({"offset": (start, index)})
        head = Strip([Segment(character, at_start) for character in mark[left:]])
        body = Strip(self._pieces(text, start, index, style)).apply_offsets(start, index)
        return Strip.join([head, body]).adjust_cell_length(width, base)

    def _pieces(self, text: str, start: int, index: int, style: Style) -> list[Segment]:
        """The text, the selected part of it in the colours of a selection."""
        selection = self.text_selection
        span = selection.get_span(index) if selection is not None else None
        if span is None:
            return [Segment(text, style)]
        first, last = span
        first = max(0, first - start)
        last = len(text) if last == -1 else max(first, last - start)
        selected = style + self.screen.get_component_rich_style("screen--selection", partial=True)
        parts = ((text[:first], style), (text[first:last], selected), (text[last:], style))
        return [Segment(part, its_style) for part, its_style in parts if part]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text, wrapped lines whole again, and what ends it; None for no selection."""
        return selection.extract("\n".join(line.text for line in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()
