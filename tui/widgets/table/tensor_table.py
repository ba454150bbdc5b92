"""The tensors at and below a module: a flat table that is sorted and filtered by the engine, statistics beside.

Another order or filter keeps the rows that are here until the new ones come, so that nothing flickers while a user
types; a filter that cannot be read changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import work
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.worker import Worker

from models.messages import Done, Problem, Progress, StatisticsOfAll, TensorOrder, TensorPage, TensorRow, TensorRows
from models.messages.errors import EngineGone, EngineProblem
from tui.actions import bindings
from tui.asking import Ask
from tui.paths import name_below
from tui.telling_apart import cut_paths
from tui.text import clean
from tui.widgets.lists.columns import GAP, Column, Needs, header_of, lay_out, row_of
from tui.widgets.lists.fields import styles_of
from tui.widgets.lists.paged_lines import PagedLines
from tui.widgets.table.tensor_columns import DIFFERENCES, FACTS, STATISTICS, TensorField, columns_of

PATIENCE = 0.3
"""Seconds without rows after which the table says what it waits for."""
NEAR = 50
"""Rows within which tensors are distinguished by their names."""
REFRESH = 0.5
"""Seconds between two looks at the statistics that came meanwhile."""
NOTHING_LEFT = "No tensor here matches the filter. F changes it, Esc while typing drops it."
NOTHING_HERE = "No parameters, buffers or constants here."
LARGEST_FIRST = (
    "elements", "bytes", "l2", "std", "zeros", "nan", "inf", "nonfinite", "maximum", "absmax", "severity", "how_much",
    "max_abs",
)  # fmt: skip
"""Orders of which the other end is seldom wanted."""


@dataclass(frozen=True)
class TensorListing:
    """Which tensors, and in which order."""

    path: str | None = None
    """The module; None shows nothing."""
    order: TensorOrder = "tree"
    descending: bool = False
    query: str = ""
    """The filter."""

    def request(self, start: int, count: int) -> TensorRows:
        """Return the request of some of its rows; it shows something."""
        return TensorRows(
            path=self.path or "", start=start, count=count, order=self.order, descending=self.descending,
            query=self.query,
        )  # fmt: skip


class TensorTable(PagedLines[TensorRow]):
    """The tensors at and below the module that `show` names; Enter posts `Lines.PathChosen`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("table"),
        *bindings("sorted"),
        *bindings("tensors"),
        Binding("A", "screen.statistics", "statistics"),  # of the explorer; only here it has a place in the footer
    ]
    HAS_HEADER = True

    class StatusChanged(Message):
        """Posted when the line above the table has something else to show: rows counted, work under way, trouble."""

        def __init__(self, table: TensorTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> TensorTable:
            return self.table

    class FilterWanted(StatusChanged):
        """Posted when the user wants to type a filter."""

    class Taken(StatusChanged):
        """Posted when the statistics of all are there; `text` says of how many."""

        def __init__(self, table: TensorTable, text: str) -> None:
            super().__init__(table)
            self.text = text

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self.wanted = TensorListing()
        """What is to be shown."""
        self.listing = TensorListing()
        """What is shown: the rows that are here are of this one."""
        self.all = 0
        """Tensors without the filter."""
        self.known: int | None = None
        """Of how many of these there are statistics, where the filter asks for them."""
        self.trouble = ""
        """Why the filter cannot be read, and what is right."""
        self.remark = ""
        """Which part of the filter is not read as one might think."""
        self.waiting = ""
        """What the rows wait for, when they take long to come."""
        self.compares = False
        """Whether the tensors are those of both sides of a comparison."""
        self.taking = ""
        """How far the statistics of all are; empty while none are taken."""
        self._requested = TensorListing()
        self._fields: tuple[TensorField, ...] = FACTS
        self._needs = Needs(self._columns)
        self._refreshed = 0.0
        self._taker: Worker[None] | None = None

    @property
    def path(self) -> str | None:
        """Return the module whose tensors are to be shown; None for none."""
        return self.wanted.path

    @property
    def _columns(self) -> tuple[Column, ...]:
        width = self.row_width if self.is_attached else 0
        return columns_of(self._fields, width, self.listing.order, self.listing.descending)

    @property
    def shows_statistics(self) -> bool:
        """Return whether statistics stand in the columns."""
        return self._fields is STATISTICS

    @property
    def shows_order(self) -> bool:
        """Return whether a mark on a column's title shows the order."""
        return any(field.order == self.listing.order for field in self._fields)

    # -- what a parent may use

    def show(self, path: str) -> None:
        """Show another module, or the same one as it is now."""
        if path == self.path:
            self.pages.refresh()
            self.refresh()
        else:
            self._want(replace(self.wanted, path=path))

    def clear(self) -> None:
        """Show nothing and remember nothing: another model is open."""
        self.workers.cancel_node(self)
        self.wanted = self.listing = self._requested = TensorListing()
        self._fields = FACTS
        self._needs = Needs(self._columns)
        self.trouble = self.waiting = self.taking = self.empty = ""
        self.all, self.known = 0, None
        self.pages.clear()
        self.count = 0

    def filter(self, text: str) -> None:
        """Show only what a filter leaves."""
        if text != self.wanted.query:
            self._want(replace(self.wanted, query=text))

    def sort(self, order: TensorOrder, descending: bool | None = None) -> None:
        """Sort by `order`, from the end that is wanted more often where `descending` is None."""
        if descending is None:
            descending = order in LARGEST_FIRST
        self._want(replace(self.wanted, order=order, descending=descending))

    # -- rows

    def _want(self, listing: TensorListing) -> None:
        self.wanted = listing
        self._load()

    @work(exclusive=True, exit_on_error=False, group="listing")
    async def _load(self) -> None:
        """Put the wanted rows in place of those that are here, all at once."""
        self._requested = listing = self.wanted
        self.trouble = ""
        patience = self.set_timer(PATIENCE, partial(self._wait, listing))
        try:
            total = await self.pages.renew(0, self.page_height)
        except EngineGone:
            self._requested = self.listing
        except EngineProblem as error:
            self._requested = self.listing
            self._refused(error.problem)
        else:
            self._take(listing, total)
        finally:
            patience.stop()
            self.waiting = ""
        self.post_message(self.StatusChanged(self))

    @property
    def awaits_content(self) -> bool:
        loads = any(each.node is self and each.group == "listing" and not each.is_finished for each in self.app.workers)
        return loads and self.wanted.path != self.listing.path

    def _wait(self, listing: TensorListing) -> None:
        self.waiting = "filtering …" if listing.query != self.listing.query else "sorting …"
        self.post_message(self.StatusChanged(self))

    def _take(self, listing: TensorListing, total: int) -> None:
        if listing.path != self.listing.path:
            self._needs.reset()  # in another order the columns stay where they are
        self.listing = listing
        self._learn(self.pages.rows())
        self.empty = self._nothing()
        self.set_reactive(TensorTable.cursor, 0)
        self.count = total
        self.scroll_to_row(0)
        self.refresh()

    def _refused(self, problem: Problem) -> None:
        if problem.kind == "usage" and self.wanted.query:
            self.trouble = f"{clean(problem.title)}. {clean(problem.text)}".strip()
        else:
            self.rows_failed(problem)

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[TensorRow]]:
        requested = self._requested
        if requested.path is None:
            return 0, []
        page = await self.ask(requested.request(start, count), TensorPage)
        self.all, self.known, self.remark = page.all, page.known, page.remark
        if requested == self.listing:
            self.empty = self._nothing()
        return page.total, page.rows

    def _nothing(self) -> str:
        """What an empty table says."""
        if not (self.listing.query and self.all):
            return NOTHING_HERE
        if self.known is None or self.known >= self.all:
            return NOTHING_LEFT
        rest = "" if self.taking else " A takes the others."
        return f"Nothing yet: statistics of {self.known:,} of {self.all:,} tensors are known.{rest}"

    def rows_arrived(self, start: int, count: int) -> None:
        if self._learn(row for at in range(start, start + count) if (row := self.pages.peek(at)) is not None):
            self.refresh()  # every row changes with the columns
        else:
            super().rows_arrived(start, count)
        self.post_message(self.StatusChanged(self))

    def _learn(self, rows: Iterable[TensorRow]) -> bool:
        return self._needs.take(map(self.texts_of, rows))

    # -- drawing

    def _laid_out(self) -> tuple[tuple[Column, ...], tuple[int, ...]]:
        columns = self._columns
        return columns, lay_out(columns, self.row_width, self._needs.widths)

    def render_header(self, width: int) -> Iterable[Segment]:
        return header_of(*self._laid_out())

    def draw(self, index: int, row: TensorRow, width: int) -> Iterable[Segment]:
        columns, widths = self._laid_out()
        name, *others = self.texts_of(row)
        if cell_len(clean(name)) > widths[0]:
            name = cut_paths(tuple(self._names_near(index)), widths[0]).get(clean(name), name)
        return row_of(columns, widths, (name, *others), styles_of(self._fields, row, self.look))

    def _names_near(self, index: int) -> Iterator[str]:
        """Yield the names of the rows near one that are here, the same ones for rows near each other."""
        first = max(index // NEAR - 1, 0) * NEAR
        for at in range(first, first + 3 * NEAR):
            if (row := self.pages.peek(at)) is not None:
                yield clean(name_below(row.path, self.listing.path))

    def texts_of(self, row: TensorRow) -> tuple[str, ...]:
        """Return what stands in each column."""
        return (name_below(row.path, self.listing.path), *(field.text(row) for field in self._fields[1:]))

    # -- actions

    def action_choose(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.PathChosen(self, row.path))

    def action_sort_next(self) -> None:
        """Sort by the next column; after the last one, as in the tree."""
        orders: list[TensorOrder] = ["tree", *(field.order for field in self._fields if field.order)]
        at = orders.index(self.wanted.order) if self.wanted.order in orders else 0
        self.sort(orders[(at + 1) % len(orders)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.sort(self.wanted.order, not self.wanted.descending)

    def action_columns(self) -> None:
        """Change between facts and statistics, and differences where something is compared."""
        sets = (DIFFERENCES, FACTS, STATISTICS) if self.compares else (FACTS, STATISTICS)
        at = sets.index(self._fields) if self._fields in sets else -1
        self._show_fields(sets[(at + 1) % len(sets)])

    def compare(self, compares: bool) -> None:
        """Show how tensors differ, the most different first; or no more.  The path is forgotten."""
        self.clear()
        self.compares = compares
        self.wanted = TensorListing(order="how_much", descending=True) if compares else TensorListing()
        self._show_fields(DIFFERENCES if compares else FACTS)

    def _show_fields(self, fields: tuple[TensorField, ...]) -> None:
        self._fields = fields
        self._needs = Needs(self._columns)
        self._learn(self.pages.rows())
        self.refresh()
        self.post_message(self.StatusChanged(self))

    def action_filter(self) -> None:
        """Let the user type a filter."""
        self.post_message(self.FilterWanted(self))

    # -- statistics of all

    def take_statistics(self, path: str) -> None:
        """Take the statistics of all tensors below `path`, whatever is shown meanwhile."""
        if not self.shows_statistics:
            self._show_fields(STATISTICS)
        self._taker = self._take_all(path)

    def stop_statistics(self) -> None:
        """Stop taking statistics; what is known by now stays."""
        if self._taker is not None:
            self._taker.cancel()
            self._taker = None
        self._took("")
        self.pages.refresh()
        self.refresh()

    @work(exclusive=True, exit_on_error=False, group="statistics of all")
    async def _take_all(self, path: str) -> None:
        self._took("statistics …")
        try:
            done = await self.ask(StatisticsOfAll(path=path), Done, self._progressed)
        except EngineGone:
            return
        except EngineProblem as error:
            self.rows_failed(error.problem)
        else:
            self.post_message(self.Taken(self, done.text))
        finally:
            self._took("")
        self.pages.refresh()
        self.refresh()

    def _progressed(self, progress: Progress) -> None:
        if not self.taking:
            return  # reported before the work was cancelled
        done = "" if progress.done is None else f"{min(max(progress.done, 0), 1):.0%} "
        self._took(f"{done}{progress.text}")
        if monotonic() - self._refreshed > REFRESH:
            self._refreshed = monotonic()
            self.pages.refresh()

    def _took(self, text: str) -> None:
        self.taking = text
        self.empty = self._nothing() if self.empty else ""
        self.post_message(self.StatusChanged(self))

    # -- mouse

    def on_click(self, event: Click) -> None:
        """Sort by the title that was clicked, and the other way round if it is sorted by that already."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self.header_height:
            super().on_click(event)
            return
        event.prevent_default()
        left = 1
        for field, width in zip(self._fields, self._laid_out()[1], strict=True):
            if width and left <= offset.x + self.scroll_offset.x < left + width:
                if field.order == self.wanted.order:
                    self.action_reverse()
                elif field.order:
                    self.sort(field.order)
                return
            left += width + GAP if width else 0
