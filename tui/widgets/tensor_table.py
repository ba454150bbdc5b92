"""The tensors at and below a module: a flat table that is sorted and filtered by the engine, statistics beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from textual import work
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.worker import Worker

from models.engine.errors import EngineGone, EngineProblem
from models.engine.messages import (
    Done,
    Problem,
    Progress,
    StatisticsOfAll,
    TensorOrder,
    TensorPage,
    TensorRow,
    TensorRows,
)
from tui.actions import bindings
from tui.asking import Ask
from tui.widgets.columns import GAP, Column, Needs, header_of, lay_out, row_of
from tui.widgets.paged_lines import PagedLines
from tui.widgets.tensor_columns import ASCENDING, DESCENDING, FACTS, STATISTICS, Field, titled

REFRESH = 0.5
"""Seconds between two looks at the statistics that came meanwhile."""
NOTHING_LEFT = "Nothing is left by this filter."
NOTHING_HERE = "No parameters, buffers or constants here."
LARGEST_FIRST = ("elements", "bytes", "l2", "std", "zeros", "nan", "inf", "maximum")
"""Orders of which the other end is seldom wanted."""


class TensorTable(PagedLines[TensorRow]):
    """The tensors at and below the module that `show` names; Enter posts `Lines.PathChosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("table"), *bindings("tensors")]
    HAS_HEADER = True

    class Told(Message):
        """There is news for the line above the table: how many rows, what is under way, what went wrong."""

        def __init__(self, table: TensorTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> TensorTable:
            return self.table

    class FilterWanted(Told):
        """The person wants to type a filter."""

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self.path: str | None = None
        """The module whose tensors are shown."""
        self.order: TensorOrder = "tree"
        self.descending = False
        self.query_text = ""
        """The filter."""
        self.all = 0
        """Tensors without the filter."""
        self.trouble = ""
        """Why the filter cannot be read."""
        self.taking = ""
        """How far the statistics of all are; empty while none are taken."""
        self._fields: tuple[Field, ...] = FACTS
        self._needs = Needs(self._columns)
        self._refreshed = 0.0
        self._taker: Worker[None] | None = None

    @property
    def _columns(self) -> tuple[Column, ...]:
        mark = DESCENDING if self.descending else ASCENDING
        sorted_by = self.order if self.order != "tree" else None
        return tuple(
            titled(field.column, mark) if sorted_by and field.order == sorted_by else field.column
            for field in self._fields
        )

    @property
    def shows_statistics(self) -> bool:
        """Whether statistics stand in the columns."""
        return self._fields is STATISTICS

    # -- what a parent may use

    def show(self, path: str) -> None:
        """Another module, or the same one again."""
        if path == self.path:
            self.pages.refresh()
            self.refresh()
            return
        self.path = path
        self._anew()

    def clear(self) -> None:
        """Nothing to show."""
        self.path = None
        self.pages.clear()
        self.count = 0

    def filter(self, text: str) -> None:
        """Show only what a filter leaves."""
        if text != self.query_text:
            self.query_text = text
            self._anew()

    def _anew(self) -> None:
        """Another list: from its first row."""
        self.empty = ""
        self.trouble = ""
        self._needs.reset()
        self.set_reactive(TensorTable.cursor, 0)
        self.pages.reset()
        self.count = 0
        self.scroll_to_row(0)
        self.post_message(self.Told(self))

    # -- rows

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[TensorRow]]:
        if self.path is None:
            return 0, []
        request = TensorRows(
            path=self.path,
            start=start,
            count=count,
            order=self.order,
            descending=self.descending,
            query=self.query_text,
        )
        page = await self.ask(request, TensorPage)
        self.all = page.all
        return page.total, page.rows

    def rows_arrived(self, start: int, count: int) -> None:
        rows = [row for index in range(start, start + count) if (row := self.pages.peek(index)) is not None]
        if self._needs.take(map(self.texts_of, rows)):
            self.refresh()  # every row changes with the columns
        else:
            super().rows_arrived(start, count)
        self.empty = (
            "Nothing is left by this filter." if self.query_text else "No parameters, buffers or constants here."
        )
        self.post_message(self.Told(self))

    def rows_failed(self, problem: Problem) -> None:
        if problem.kind == "usage" and self.query_text:
            self.trouble = f"{problem.title}. {problem.text}"
            self.post_message(self.Told(self))
        else:
            super().rows_failed(problem)

    # -- drawing

    def render_header(self, width: int) -> Iterable[Segment]:
        return header_of(self._columns, lay_out(self._columns, width, self._needs.widths))

    def draw(self, index: int, row: TensorRow, width: int) -> Iterable[Segment]:
        dim, strong = self.look("lines--dim"), self.look("lines--strong")
        styles = [strong, *(dim if field.quiet else None for field in self._fields[1:])]
        columns = self._columns
        return row_of(columns, lay_out(columns, width, self._needs.widths), self.texts_of(row), styles)

    def texts_of(self, row: TensorRow) -> tuple[str, ...]:
        """What stands in each column."""
        return (self.name_of(row.path), *(field.text(row) for field in self._fields[1:]))

    def name_of(self, path: str) -> str:
        """The path from the module that is shown on; of a group, from what holds its siblings on."""
        if not self.path:
            return path
        if path == self.path:
            return path.rpartition(".")[2]
        below = f"{self.path}."
        if not path.startswith(below):
            below = f"{self.path.rpartition('.')[0]}." if "." in self.path else ""
        return path.removeprefix(below)

    # -- actions

    def action_choose(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.PathChosen(self, row.path))

    def action_sort_next(self) -> None:
        """Sort by the next column; after the last one, as in the tree."""
        orders: list[TensorOrder] = ["tree", *(field.order for field in self._fields if field.order)]
        at = orders.index(self.order) if self.order in orders else 0
        self._sort(orders[(at + 1) % len(orders)])

    def action_reverse(self) -> None:
        """The other way round."""
        self.descending = not self.descending
        self._anew()

    def _sort(self, order: TensorOrder) -> None:
        self.order = order
        self.descending = order in LARGEST_FIRST
        self._anew()

    def action_columns(self) -> None:
        """Facts or statistics."""
        self._fields = FACTS if self.shows_statistics else STATISTICS
        self._needs = Needs(self._columns)
        self._needs.take(map(self.texts_of, self.pages.rows()))
        self.refresh()
        if self.shows_statistics and not any(row.statistics for row in self.pages.rows()):
            self.post_message(self.Told(self))

    def action_filter(self) -> None:
        self.post_message(self.FilterWanted(self))

    def action_statistics(self) -> None:
        """Take the statistics of all tensors below, or stop taking them."""
        if self._taker is not None and self._taker.is_running:
            self._taker.cancel()
            self._took("")
        elif self.path is not None:
            if not self.shows_statistics:
                self.action_columns()
            self._taker = self._take_all(self.path)

    @work(exclusive=True, exit_on_error=False, group="statistics of all")
    async def _take_all(self, path: str) -> None:
        self._took("statistics …")
        try:
            await self.ask(StatisticsOfAll(path=path), Done, self._progressed)
        except EngineGone:
            self._took("")
        except EngineProblem as error:
            self._took("")
            self.rows_failed(error.problem)
        else:
            self._took("")
        self.pages.refresh()

    def _progressed(self, progress: Progress) -> None:
        done = "" if progress.done is None else f"{min(max(progress.done, 0), 1):.0%} "
        self._took(f"{done}{progress.text}")
        if monotonic() - self._refreshed > REFRESH:
            self._refreshed = monotonic()
            self.pages.refresh()

    def _took(self, text: str) -> None:
        self.taking = text
        self.post_message(self.Told(self))

    # -- mouse

    def on_click(self, event: Click) -> None:
        """A click on a title sorts by it, and again the other way round."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y:
            super().on_click(event)
            return
        event.prevent_default()
        left = 1
        for field, width in zip(self._fields, lay_out(self._columns, self.row_width, self._needs.widths), strict=True):
            if width and left <= offset.x + self.scroll_offset.x < left + width:
                if field.order == self.order:
                    self.action_reverse()
                elif field.order:
                    self._sort(field.order)
                return
            left += width + GAP if width else 0
