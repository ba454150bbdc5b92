"""The calls of a forward run, one row each, also while the run goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.events import Click, Focus
from textual.message import Message

from models.messages import CallOrder, CallPage, CallRow, CallTensor, RunTotals
from tui.actions import bindings
from tui.asking import Ask
from tui.text import clean
from tui.widgets.lists.columns import GAP, Column, Needs, header_of, lay_out, marked, row_of
from tui.widgets.lists.fields import styles_of
from tui.widgets.table.call_columns import (
    COSTS,
    INDEX,
    OPERATION,
    VIEWS,
    CallField,
    CallView,
    note_of,
    operation_text,
)
from tui.widgets.table.call_differences import DIFFERENCES
from tui.widgets.table.call_folding import CallFolding
from tui.widgets.table.call_listing import CallListing
from tui.widgets.table.failed_row import failed_line


class CallTable(CallFolding):
    """The run that `show` names; Enter posts `Lines.PathChosen` with the module's path.

    While it has the focus, or a call is `chosen`, it posts `Selected` for the call under the cursor.
    """

    # A bar that comes and goes lays the whole screen out anew, twice while the first rows of a run are awaited.
    DEFAULT_CSS = """
    CallTable { overflow-y: scroll; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("table"), *bindings("sorted"), *bindings("calls")]
    HAS_HEADER = True

    class Selected(Message):
        """Posted when a call of a run that is over is under the cursor, and is to be shown."""

        def __init__(self, table: CallTable, run: int, row: int) -> None:
            super().__init__()
            self.table = table
            self.run = run
            self.row = row

        @property
        def control(self) -> CallTable:
            return self.table

    class InputsWanted(Message):
        """Posted when the inputs of the next forward are to be set."""

    class ComparisonWanted(Message):
        """Posted when the user wants to choose with what the run is compared."""

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self.chosen = False
        """Whether a call is selected: then the one under the cursor is, wherever the focus is."""
        self.empty = self._nothing()
        self._view = VIEWS[0]
        self._whole = RunTotals()
        self._fields: tuple[CallField, ...] = ()
        self._columns: tuple[Column, ...] = ()
        self._needs = Needs(())
        self._arrange()
        self._reported: int | None = None
        """The call that was reported last as under the cursor; None while its row is not here."""
        self._ended = False
        """The run has just ended: the cursor is to go to where one reads on."""
        self.holds_still = False
        """A search leads the cursor: it does not go along with a run that goes on, nor to where that ends."""
        self._before: CallRow | None = None
        """The call that was selected of the run before: the cursor goes to the one like it."""

    def show(
        self,
        run: int | None,
        total: int = 0,
        complete: bool = True,
        against: int | None = None,
        page: CallPage | None = None,
    ) -> None:
        """Show another run, of which `total` calls are known, `complete` when it is over; None for no run.

        With `against` it is compared with that run, and how they differ is in view.  `page` has its first rows, where
        they have come already.
        """
        self._before = self.row if run is not None and self.chosen else None
        if against is not None:
            self._view = DIFFERENCES
        elif self._view is DIFFERENCES:
            self._view = VIEWS[0]
        stays = run is not None and (against is None) == (self.against is None)
        self.run, self.against = run, against
        self.holds_still = False
        self.complete = complete
        self._whole = RunTotals()
        self.workers.cancel_group(self, "call listing")
        self.workers.cancel_group(self, "call rows")
        self.workers.cancel_group(self, "call end")
        self.wanted = self.listing = self._requested = CallListing(query=self.wanted.query if stays else "")
        self._arrange()
        first = page if against is None and page is not None and self.is_first(page) else None
        if first is None:
            self.pages.reset()
        else:
            self.pages.clear()
        self.all = total
        self.empty = self._nothing()
        self.count = min(total, 1)  # how many are shown is known when rows come
        self.cursor = 0
        self.scroll_to_row(0)
        self.reveal(self.cursor)
        self._end(complete and total > 0)
        if first is not None:
            self.take_page(first)
            self.pages.begin(first.total, first.rows)
        self.refresh()
        self.post_message(self.StatusChanged(self))

    def grow(self, total: int, complete: bool = False) -> None:
        """Take in that the run shown has `total` calls by now; a cursor at the end stays there until the run is over.

        Then it goes to the first call, to read from there, or to the one that failed.
        """
        following = self._following
        self.complete = complete
        self.all = max(total, self.all)
        if following and self.count:
            self._ended = complete and total > 0
            if complete:
                self.pages.drop_requests()  # or rows of before the end would be taken for those of the end
            self._load_end()  # which draws
            return
        self.workers.cancel_group(self, "call end")
        self.pages.refresh()  # the last row may have become a folded loop
        self.count = max(self.count, min(total, 1))
        if following:
            self._end(complete and total > 0)
        if complete and not total:
            self.empty = "The run made no calls."
        self.refresh()

    @property
    def _following(self) -> bool:
        """Whether the cursor is at the end of a run that goes on, and stays there."""
        return not self.complete and self.cursor >= self.count - 1 and not self.holds_still

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._report_selected()
        self.post_message(self.StatusChanged(self))

    def on_focus(self, event: Focus) -> None:
        self.call_later(self._report_selected)  # when it has the focus

    def _like_before(self) -> int:
        """Return the row of the call that was selected of the run before, if it is there again; else the first."""
        before = self._before
        if before is None:
            return 0
        place = self.place_of(before.index)
        row = None if place is None else self.pages.peek(place)
        same = row is not None and (row.module, row.op) == (before.module, before.op)
        return place if same and place is not None else 0

    def _report_selected(self, unasked: bool = False) -> None:
        """Report the call under the cursor, where it is to be shown; not while rows still come.

        Args:
            unasked: it is to be shown though nobody went there: it failed.
        """
        if self.run is None or not (self.complete and self.count and (self.has_focus or self.chosen or unasked)):
            return
        row = self.row
        self._reported = None if row is None else row.index
        run = None if row is None else self.run_of(row)
        if row is not None and run is not None:  # else when it has come
            self.post_message(self.Selected(self, run, row.index))

    def reload(self) -> None:
        """Ask again for the rows: a backward has passed through the calls, or more is known of how they differ."""
        self._reported = None
        self.pages.refresh()
        self.refresh()

    def _end(self, ended: bool) -> None:
        self._ended = ended
        if ended:
            self.pages.get(self.count - 1)  # whether the run failed stands at its end

    def took(self, totals: RunTotals) -> None:
        if totals != self._whole:
            self._whole = totals
            self._arrange()

    def end_arrived(self, total: int) -> None:
        following = self._following  # else the cursor has left the end meanwhile, or the run is over
        self.count = total
        first = max(total - self.page_height, 0) // self.PAGE * self.PAGE
        self.rows_arrived(first, total - first)
        if following:
            self.cursor = total - 1

    def rows_counted(self, total: int) -> None:
        following = self._following
        super().rows_counted(total)
        if following:
            self.cursor = total - 1
        if self._ended:
            self.pages.get(total - 1)
        self.post_message(self.StatusChanged(self))

    def rows_arrived(self, start: int, count: int) -> None:
        rows = [row for index in range(start, start + count) if (row := self.pages.peek(index)) is not None]
        if self._needs.take(map(self._texts, rows)):
            self.refresh()  # every row changes with the columns
        else:
            super().rows_arrived(start, count)
        if self._reported is None and start <= self.cursor < start + count:
            self._report_selected()
        if self._ended and start <= self.count - 1 < start + count:
            self._ended = False
            failed = [(row.depth, start + offset) for offset, row in enumerate(rows) if row.failed]
            self.cursor = max(failed)[1] if failed else self._like_before()
            self._report_selected(unasked=bool(failed))
        self.post_message(self.StatusChanged(self))

    # -- drawing

    def _laid_out(self, width: int) -> tuple[tuple[Column, ...], tuple[int, ...]]:
        order = self.listing.order
        columns = self._columns
        for place, field in enumerate(self._fields, 1):
            if field.order == order:
                columns = (
                    *columns[:place],
                    marked(columns[place], self.listing.descending, width),
                    *columns[place + 1 :],
                )
                break
        return columns, lay_out(columns, width, self._needs.widths)

    def render_header(self, width: int) -> Iterable[Segment]:
        return header_of(*self._laid_out(width))

    def draw(self, index: int, row: CallRow, width: int) -> Iterable[Segment]:
        columns, widths = self._laid_out(width)
        styles = [self.look("lines--dim"), *styles_of(self._fields, row, self.look)]
        if not row.failed:
            return row_of(columns, widths, self._texts_in(row, widths), styles)
        return self._draw_failed(row, width)

    def _draw_failed(self, row: CallRow, width: int) -> Iterable[Segment]:
        """Return a row with its cause or error where others have what came of the call."""
        called = 1 + len(self._view.called)
        columns, widths = self._laid_out(width)
        line = failed_line(row, self.because, width, columns[:called], widths[:called], self._needs.widths[:called])
        end = len(line.widths)
        styles = [self.look("lines--dim"), *styles_of(self._view.called, row, self.look)]
        parts = row_of(columns[:end], line.widths, self._texts_in(row, line.widths)[:end], styles[:end])
        place = f" {line.place} " if line.place else " "
        return [*parts, Segment(place, self.look("lines--dim")), Segment(line.error, self.look("lines--problem"))]

    @property
    def shows_order(self) -> bool:
        """Return whether a mark on a column's title shows the order."""
        return any(field.order == self.listing.order for field in self._fields)

    def cut_off(self, row: CallRow) -> str:
        """Return what of a row is not to be read in its line: why it failed, its error, its note; empty for nothing."""
        drawn = "".join(part.text for part in self.draw(self.cursor, row, self.row_width))[: self.row_width]
        if row.failed and self.because:
            where = clean(row.where)
            return f"→ {clean(self.because)}{'' if where in drawn else f'  ({where})'}\n✗ {clean(row.failed)}"
        text = "; ".join(filter(None, [f"✗ {row.failed}" if row.failed else "", note_of(row)]))
        return "" if clean(text) in drawn else clean(text)

    def _arrange(self) -> None:
        """Take the columns of the view, in the run that is shown."""
        self._fields = (*self._view.called, *self._view.outcome(self._whole))
        self._columns = (INDEX, *(field.column for field in self._fields))
        self._needs = Needs(self._columns)

    def _texts(self, row: CallRow) -> tuple[str, ...]:
        """Return what stands in each column of a row."""
        return ("" if row.turns else str(row.index), *(field.text(row) for field in self._fields))

    def _texts_in(self, row: CallRow, widths: Sequence[int]) -> tuple[str, ...]:
        """Return the same for columns so wide: where operations have too little room, levels take one cell each."""
        texts = self._texts(row)
        place = 1 + self._fields.index(OPERATION)
        if place >= len(widths) or widths[place] >= self._needs.widths[place]:  # no room for it: of a failed row
            return texts
        return (*texts[:place], operation_text(row, 1), *texts[place + 1 :])

    # -- actions

    def action_last(self) -> None:
        """Go to the last row; while the run goes on the cursor stays at its end from then on."""
        self.holds_still = False
        super().action_last()

    def action_call_columns(self) -> None:
        """Change to the next set of columns: shapes, values, costs, gradients where there are some; differences."""
        passed = any(row.backward is not None for row in self.pages.rows())
        views = [view for view in VIEWS if passed or view.name != "gradients"]
        views += [DIFFERENCES] * (self.against is not None)
        self._show_view(views[(views.index(self._view) + 1) % len(views)] if self._view in views else views[0])

    def show_costs(self) -> None:
        """Change to the columns of costs."""
        self._show_view(COSTS)

    def _show_view(self, view: CallView) -> None:
        self._view = view
        self._arrange()
        self._needs.take(map(self._texts, self.pages.rows()))
        self.refresh()
        self.post_message(self.StatusChanged(self))

    def action_sort_next(self) -> None:
        """Sort by the next column; after the last one, in the order of execution."""
        orders: list[CallOrder] = ["run", *(field.order for field in self._fields if field.order)]
        at = orders.index(self.wanted.order) if self.wanted.order in orders else 0
        self.sort(orders[(at + 1) % len(orders)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.sort(self.wanted.order, not self.wanted.descending)

    def action_filter(self) -> None:
        """Let the user type a filter."""
        self.post_message(self.FilterWanted(self))

    def action_edit_inputs(self) -> None:
        """Have the inputs of the next forward set."""
        self.post_message(self.InputsWanted())

    def action_compare_runs(self) -> None:
        """Have it chosen with what the run is compared."""
        self.post_message(self.ComparisonWanted())

    def action_choose(self) -> None:
        """Show the module of the call in the tree, of layers that are shown as one the first."""
        if (row := self.row) is not None:
            module = re.sub(r"(\d+)–\d+", r"\1", row.module) if row.alike > 1 else row.module
            self.post_message(self.PathChosen(self, module))

    def on_click(self, event: Click) -> None:
        """Sort by the title that was clicked, and the other way round if it is sorted by that already."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self.header_height:
            super().on_click(event)
            return
        event.prevent_default()
        left = 1
        widths = self._laid_out(self.row_width)[1]
        for order, width in zip(("run", *(field.order for field in self._fields)), widths, strict=True):
            if width and left <= offset.x + self.scroll_offset.x < left + width:
                if order == self.wanted.order:
                    self.action_reverse()
                elif order:
                    self.sort(order)
                return
            left += width + GAP if width else 0


def title_of_call(place: CallTensor, row: CallRow | None) -> str:
    """Return a few words on a call, for the bar over the panes: `#17 linear in encoder.fc`."""
    if row is None:
        return f"#{place.call}"
    within = "" if row.kind == "module" or not row.module else "in "
    return f"#{place.call} {row.op} {within}{row.module}".rstrip()


def outputs_of(row: CallRow) -> list[str]:
    """Return the shapes of the tensors that a call returned, in order: those in `([2, 3], ([2], [2]))`."""
    return re.findall(r"\[[^\]]*\]", row.output) or [row.output]
