"""The rows of the calls of one run: which are listed and in which order, fetched from the engine in pages.

Another order or filter keeps the rows that are here until the new ones come, so that nothing flickers while a user
types; a filter that cannot be read changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual import work
from textual.message import Message

from models.messages import CallOrder, CallPage, CallRow, CallRows, FindCall, FoundCall, Problem, RunTotals
from models.messages.errors import EngineGone, EngineProblem
from tui.text import clean
from tui.widgets.lists.paged_lines import PagedLines
from tui.widgets.table.call_columns import LARGEST_FIRST

NO_RUN = "No run yet. f runs the network forward, i sets its inputs."
NOTHING_LEFT = "No call matches the filter. F changes it, Esc while typing drops it."


@dataclass(frozen=True)
class CallListing:
    """Which calls of a run, and in which order."""

    order: CallOrder = "run"
    descending: bool = False
    query: str = ""
    """The filter."""
    toggled: tuple[str, ...] = ()
    """Keys of the rows that are not folded as at first."""

    def request(self, run: int, start: int, count: int, against: int | None = None) -> CallRows:
        """Return the request of some of the rows, beside those of the run `against` where there is one."""
        return CallRows(
            run=run, start=start, count=count, order=self.order, descending=self.descending, query=self.query,
            toggled=list(self.toggled), against=against,
        )  # fmt: skip

    @property
    def is_plain(self) -> bool:
        """Return whether all calls are listed in the order of execution."""
        return self.order == "run" and not self.descending and not self.query.strip()


class CallLines(PagedLines[CallRow]):
    """The calls of the run that `show` names, as they are wanted."""

    class StatusChanged(Message):
        """Posted when the lines around the table have something else to show: rows counted, trouble, another row."""

        def __init__(self, table: CallLines) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> CallLines:
            return self.table

        def can_replace(self, message: Message) -> bool:
            """Return whether one that was posted right behind this one is enough."""
            return all(type(each) is CallLines.StatusChanged for each in (self, message))

    class FilterWanted(StatusChanged):
        """Posted when the user wants to type a filter."""

    run: int | None = None
    """The run that is shown."""
    against: int | None = None
    """The run, A, with which it is compared, as B; None where it is not."""
    complete = True
    """Whether the run has ended."""
    all = 0
    """Rows of the run without the filter."""
    because = ""
    """Why the run failed, and what mends it; empty where that is not known."""
    trouble = ""
    """Why the filter cannot be read, and what is right."""
    remark = ""
    """Which part of the filter is not read as one might think."""
    wanted = CallListing()
    """What is to be shown."""
    listing = CallListing()
    """What is shown: the rows that are here are of this one."""
    _requested = CallListing()
    _sought = 0
    """Where the cursor is to go when the wanted rows are here."""

    # -- what a parent may use

    def filter(self, text: str) -> None:
        """Show only what a filter leaves."""
        if text != self.wanted.query:
            self._want(replace(self.wanted, query=text))

    def sort(self, order: CallOrder, descending: bool | None = None) -> None:
        """Sort by `order`, from the end that is wanted more often where `descending` is None."""
        if descending is None:
            descending = order in LARGEST_FIRST
        self._want(replace(self.wanted, order=order, descending=descending))

    def holds(self, run: int) -> bool:
        """Return whether a run is the one that is shown, or compared with it."""
        return run in (self.run, self.against)

    def run_of(self, row: CallRow) -> int | None:
        """Return the run that made the call of a row: of two that are compared one alone may have; None for no run."""
        return self.against if is_of_a(row) else self.run

    def call_at(self, run: int, index: int) -> CallRow | None:
        """Return the row of the call `index` of a run that is shown; None while it is not here."""
        place = self.place_of(index, run != self.run)
        return None if place is None else self.pages.peek(place)

    def place_of(self, index: int, of_a: bool = False) -> int | None:
        """Return the line of a call, None while its row is not here; `of_a`: of one that run A alone made."""
        shown = (
            place for place, row in self.pages.items() if row.index == index and not row.turns and is_of_a(row) == of_a
        )
        return next(shown, None)

    def go_to(self, index: int, of_a: bool = False) -> None:
        """Put the cursor on the call `index` of the run, which may have to be unfolded, or listed, for it.

        `of_a`: it is one of the run with which that is compared.
        """
        place = self.place_of(index, of_a)
        if place is not None:
            self.cursor = place
            self.reveal(place)
        elif self.run is not None:
            self._find(self.run, index, of_a)

    @work(exclusive=True, exit_on_error=False, group="call listing")
    async def _find(self, run: int, index: int, of_a: bool) -> None:
        toggled, against = self.wanted.toggled, self.against
        request = FindCall(run=run, index=index, toggled=list(toggled), against=against, of_other=of_a)
        try:
            found = await self.ask(request, FoundCall)
        except EngineGone:
            return
        except EngineProblem as error:
            self.rows_failed(error.problem)
            return
        if found.place is not None and (run, against) == (self.run, self.against):
            self._want(CallListing(toggled=tuple(found.toggled)), found.place)

    # -- rows

    @property
    def at_work(self) -> bool:
        """Return whether rows were asked for that are not here yet."""
        return self.pages.busy or any(
            worker.node is self and worker.group in ("call rows", "call end") and not worker.is_finished
            for worker in self.workers
        )

    @work(exclusive=True, exit_on_error=False, group="call end")
    async def _load_end(self) -> None:
        """Put the last rows of a run that goes on in place of those that are here, all at once."""
        try:
            total, _ = await self.fetch(0, 0)
            await self.pages.renew(total - self.page_height, total - 1, keep=True)
        except EngineGone:
            pass
        except EngineProblem as error:
            self.rows_failed(error.problem)
        else:
            self.end_arrived(total)

    def end_arrived(self, total: int) -> None:
        """Take in that the last of `total` rows are here."""

    def _want(self, listing: CallListing, place: int = 0) -> None:
        """Have another list, with the cursor at `place`."""
        self.wanted, self._sought = listing, place
        if self.run is None:
            self.listing = self._requested = listing
            self.post_message(self.StatusChanged(self))
        else:
            self._load()

    @work(exclusive=True, exit_on_error=False, group="call rows")
    async def _load(self) -> None:
        """Put the wanted rows in place of those that are here, all at once."""
        self.workers.cancel_group(self, "call end")
        self._requested, place = self.wanted, self._sought
        listing = self.wanted
        self.trouble = ""
        stays = self.top <= place < self.top + self.page_height
        top = self.top if stays else max(place - self.page_height // 2, 0)
        try:
            total = await self.pages.renew(top, top + self.page_height)
        except EngineGone:
            self._requested = self.listing
        except EngineProblem as error:
            self._requested = self.listing
            self._refused(error.problem)
        else:
            self._take(listing, total, place, top)
        self.post_message(self.StatusChanged(self))

    def _take(self, listing: CallListing, total: int, place: int, top: int) -> None:
        """Show what came, with the cursor at `place`."""
        self.listing = listing
        self.empty = self._nothing()
        self.rows_arrived(top, self.page_height + 1)
        self.count = total
        self.scroll_to_row(top)
        self.set_reactive(CallLines.cursor, max(min(place, total - 1), 0))
        self.refresh()
        self.watch_cursor(self.cursor, self.cursor)

    def _refused(self, problem: Problem) -> None:
        if problem.kind == "usage" and self.wanted.query:
            self.trouble = f"{clean(problem.title)}. {clean(problem.text)}".strip()
        else:
            self.rows_failed(problem)

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[CallRow]]:
        if self.run is None:
            return 0, []
        requested = self._requested
        page = await self.ask(requested.request(self.run, start, count, self.against), CallPage)
        self.take_page(page)
        if requested == self.listing:
            self.empty = self._nothing()
        return page.total, page.rows

    def is_first(self, page: CallPage) -> bool:
        """Return whether what is shown begins with a page of all calls in the order of execution."""
        whole = len(page.rows) >= min(page.total, self.PAGE)
        return page.run == self.run and self.wanted.is_plain and page.start == 0 and whole and bool(page.rows)

    def take_page(self, page: CallPage) -> None:
        """Take in what a page says of the whole run."""
        if page.run == self.run:
            self.all, self.because, self.remark = page.all, page.because, page.remark
            self.took(page.totals)

    def took(self, totals: RunTotals) -> None:
        """Take in what the whole run took."""

    def _nothing(self) -> str:
        """Return what an empty table says."""
        if self.run is None:
            return NO_RUN
        if self.listing.query.strip() and self.all:
            return NOTHING_LEFT
        return "The run made no calls." if self.complete else "No calls yet."


def is_of_a(row: CallRow) -> bool:
    """Return whether of two runs that are compared A alone made the call of a row."""
    return row.difference is not None and row.difference.status == "only_a"
