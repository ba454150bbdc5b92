"""The calls of a forward run, one row each, also while the run goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType

from models.messages import CallPage, CallRow, CallRows
from tui import numbers
from tui.actions import bindings
from tui.asking import Ask
from tui.text import clean
from tui.widgets.columns import Column, Needs, header_of, lay_out, row_of
from tui.widgets.paged_lines import PagedLines
from tui.widgets.tree_drawing import MOST_GUIDES

COLUMNS = (
    Column("#", 4, 6, drop=6, cut="left"),
    Column("module", 10, 44, cut="path"),
    Column("operation", 12, 36),
    Column("inputs", 14, 36, drop=1),
    Column("output", 14, 24),
    Column("reads", 10, 48, drop=5, cut="middle"),
    Column("at", 10, 32, drop=2, cut="middle"),
    Column("times", 5, 6, drop=3, cut="left"),
    Column("took", 7, 9, drop=4, cut="left"),
    Column("note", 8, 60, drop=7),
)
BEFORE_OUTCOME = 4
"""Columns that a failed call fills like others; its error takes the room of the rest."""
ERROR_ROOM = 26
"""Cells that the error has at least."""
NO_RUN = "No run yet. f runs the network forward."


class CallTable(PagedLines[CallRow]):
    """The run that `show` names; Enter posts `Lines.PathChosen` with the module's path."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")
    HAS_HEADER = True

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self.run: int | None = None
        """The run that is shown."""
        self.complete = True
        """Whether the run has ended."""
        self.empty = NO_RUN
        self._needs = Needs(COLUMNS)
        self._ended = False
        """The run has just ended: the cursor is to go to where one reads on."""

    def show(self, run: int | None, total: int = 0, complete: bool = True) -> None:
        """Another run, of which `total` calls are known; None for no run."""
        self.run = run
        self.complete = complete
        self._needs.reset()
        self.pages.reset()
        self.empty = NO_RUN if run is None else "No calls yet." if not complete else "The run made no calls."
        self.count = total
        self.cursor = 0 if complete else total - 1
        self.scroll_to_row(0)
        self.reveal(self.cursor)
        self._end(complete and total > 0)
        self.refresh()

    def grow(self, total: int, complete: bool = False) -> None:
        """The run that is shown has `total` calls by now; a cursor at the end stays at the end until the run is over.

        Then it goes to the first call, to read from there, or to the one that failed.
        """
        following = not self.complete and self.cursor >= self.count - 1
        self.complete = complete
        self.pages.refresh()  # the last row may have become a folded loop
        self.count = total
        if following:
            self.cursor = total - 1
            self._end(complete and total > 0)
        if complete and not total:
            self.empty = "The run made no calls."
        self.refresh()

    def _end(self, ended: bool) -> None:
        self._ended = ended
        if ended:
            self.pages.get(self.count - 1)  # whether the run failed stands at its end

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[CallRow]]:
        if self.run is None:
            return 0, []
        page = await self.ask(CallRows(run=self.run, start=start, count=count), CallPage)
        return page.total, page.rows

    def rows_counted(self, total: int) -> None:
        following = not self.complete and self.cursor >= self.count - 1
        super().rows_counted(total)
        if following:
            self.cursor = total - 1

    def rows_arrived(self, start: int, count: int) -> None:
        rows = [row for index in range(start, start + count) if (row := self.pages.peek(index)) is not None]
        if self._needs.take(texts_of(start + number, row) for number, row in enumerate(rows)):
            self.refresh()  # every row changes with the columns
        else:
            super().rows_arrived(start, count)
        if self._ended and start <= self.count - 1 < start + count:
            self._ended = False
            failed = [(row.depth, start + number) for number, row in enumerate(rows) if row.failed]
            self.cursor = max(failed)[1] if failed else 0

    def render_header(self, width: int) -> Iterable[Segment]:
        return header_of(COLUMNS, lay_out(COLUMNS, width, self._needs.widths))

    def draw(self, index: int, row: CallRow, width: int) -> Iterable[Segment]:
        widths = lay_out(COLUMNS, width, self._needs.widths)
        dim, strong = self.look("lines--dim"), self.look("lines--strong")
        texts = texts_of(index, row)
        styles = (dim, dim, strong if row.kind == "module" else None, None, None, dim, dim, strong, dim, strong)
        if not row.failed:
            return row_of(COLUMNS, widths, texts, styles)
        end = BEFORE_OUTCOME
        if width - sum(widths[:end]) - end < ERROR_ROOM:
            end -= 1
            widths = lay_out(COLUMNS[:end], width - ERROR_ROOM, self._needs.widths[:end])
        parts = row_of(COLUMNS[:end], widths[:end], texts[:end], styles[:end])
        # Longer than the line, if it must be: then the row can be scrolled sideways.
        return [*parts, Segment(" "), Segment(clean(f"✗ {row.failed}"), self.look("lines--problem"))]

    def action_choose(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.PathChosen(self, row.module))


def texts_of(index: int, row: CallRow) -> tuple[str, ...]:
    """What stands in each column."""
    return (
        str(index),
        row.module or "(root)",
        "  " * min(row.depth, MOST_GUIDES) + row.op,
        ", ".join(row.inputs),
        row.output,
        ", ".join(path.removeprefix(f"{row.module}.") for path in row.tensors),
        row.where,
        f"×{row.repeat}" if row.repeat > 1 else "",
        numbers.duration(row.seconds),
        row.note,
    )
