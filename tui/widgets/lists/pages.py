"""Rows of a long list, fetched page by page when they are looked at, and kept while they are of use.

`get` never waits: it returns the row or None, and asks for the page that holds it.  What was asked for last comes
first; a page that nobody looks at any more is not waited for.  After `refresh` the old rows stay until new ones come,
so nothing flickers; answers from before a refresh are dropped.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.messages import Problem
from models.messages.errors import EngineGone, EngineProblem

Row = TypeVar("Row")

WANTED = 6
"""Pages that may wait or be under way; older wishes are forgotten, for the eye has left them."""
AT_ONCE = 2
"""Requests under way at the same time."""


@dataclass
class _Page(Generic[Row]):
    rows: Sequence[Row]
    generation: int


class Pages(Generic[Row]):
    """A cache of `keep` pages of `size` rows, filled by `fetch(start, count) -> (total, rows)`.

    Calls `arrived(start, count)` when rows came, `counted(total)` when the total is another one, and `failed(problem)`
    when the engine could not answer, once until the next `refresh`; all in the event loop.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Awaitable[tuple[int, Sequence[Row]]]],
        *,
        arrived: Callable[[int, int], None],
        counted: Callable[[int], None],
        failed: Callable[[Problem], None],
        size: int = 100,
        keep: int = 64,
    ) -> None:
        self.size = size
        self.keep = keep
        self.total = 0
        """Rows of the whole list, as far as it is known."""
        self._fetch = fetch
        self._arrived = arrived
        self._counted = counted
        self._failed = failed
        self._pages: OrderedDict[int, _Page[Row]] = OrderedDict()  # least recently used first
        self._wanted: OrderedDict[int, None] = OrderedDict()  # most recently wanted last
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._broken: set[int] = set()
        self._generation = 0
        self._last = 0
        self._pumping = False
        self._failure_reported = False
        self._renewing: int | None = None
        """The generation whose rows `renew` fetches."""
        self._closed = False

    def get(self, index: int) -> Row | None:
        """Return the row, or None while it is on its way; asks for its page."""
        page_index, place = divmod(index, self.size)
        page = self._pages.get(page_index)
        if page is None or page.generation != self._generation:
            self._want(page_index)
        else:
            self._last = page_index
        if page is None:
            return None
        self._pages.move_to_end(page_index)
        return page.rows[place] if place < len(page.rows) else None

    def peek(self, index: int) -> Row | None:
        """Return the row if it is here, else None; asks for nothing."""
        page_index, place = divmod(index, self.size)
        page = self._pages.get(page_index)
        return page.rows[place] if page is not None and place < len(page.rows) else None

    def rows(self) -> list[Row]:
        """Return all rows that are here."""
        return [row for page in self._pages.values() for row in page.rows]

    def items(self) -> Iterator[tuple[int, Row]]:
        """Yield the rows that are here, each with its place."""
        for page_index, page in self._pages.items():
            yield from enumerate(page.rows, page_index * self.size)

    def refresh(self) -> None:
        """Ask again for what is looked at, and keep what is here until then: everything may be different."""
        self.drop_requests()
        self._want(self._last)

    def reset(self) -> None:
        """Forget every row and ask for the first page: it is another list."""
        self.clear()
        self._want(0)

    def begin(self, total: int, rows: Sequence[Row]) -> None:
        """Forget every row, for it is another list, of which the first rows are here already; ask for nothing."""
        self.clear()
        self._store(0, _Page(rows[: self.size], self._generation), total)

    def clear(self) -> None:
        """Forget every row and ask for nothing: there is no list."""
        self.drop_requests()
        self._pages.clear()
        self._last = 0
        self.total = 0

    async def renew(self, first: int, last: int, keep: bool = False) -> int:
        """Fetch the rows `first` to `last` anew, put them in place of all others at once, and return the total.

        With `keep` the others stay until they are looked at, and come anew then.

        Raises:
            EngineProblem, EngineGone: from `fetch`; then everything stays as it was.
        """
        self.drop_requests()
        generation = self._generation
        fresh: OrderedDict[int, _Page[Row]] = OrderedDict()
        total = 0
        self._renewing = generation  # or new rows would come between the old ones
        try:
            for page_index in range(max(first, 0) // self.size, max(last, 0) // self.size + 1):
                total, rows = await self._fetch(page_index * self.size, self.size)
                fresh[page_index] = _Page(rows, generation)
        finally:
            if self._renewing == generation:
                self._renewing = None
        if generation == self._generation:
            if keep:
                self._pages.update(fresh)
                self._last = max(fresh)
                self._trim(total)
            else:
                self._pages = fresh
            self.total = total
        return total

    def take_over(self, other: Pages[Row]) -> None:
        """Have the rows that `other` has."""
        self._pages = OrderedDict(
            (page_index, _Page(page.rows, self._generation)) for page_index, page in other._pages.items()
        )
        self.total = other.total

    def close(self) -> None:
        """Cancel what is under way, for good."""
        self._closed = True
        self.drop_requests()

    @property
    def busy(self) -> bool:
        """Return whether something is wanted or under way."""
        return bool(self._tasks or self._wanted)

    def drop_requests(self) -> None:
        """Drop what is wanted and under way, and keep the rows that are here until they are looked at."""
        self._generation += 1
        self._failure_reported = False
        self._broken.clear()
        self._wanted.clear()
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    def _want(self, page_index: int) -> None:
        if page_index in self._broken or self._renewing == self._generation or self._closed:
            return
        self._last = page_index
        self._wanted[page_index] = None
        self._wanted.move_to_end(page_index)
        if page_index not in self._tasks and not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)  # after the whole screen has said what it wants

    def _pump(self) -> None:
        self._pumping = False
        if self._closed:
            return
        while len(self._wanted) > WANTED:
            page_index, _ = self._wanted.popitem(last=False)
            if task := self._tasks.pop(page_index, None):
                task.cancel()
        for page_index in reversed(self._wanted):
            if len(self._tasks) >= AT_ONCE:
                return
            if page_index not in self._tasks:
                self._start(page_index)
        if not self._tasks:
            self._prefetch()

    def _prefetch(self) -> None:
        """When nothing else is to be done: the pages next to the one that was looked at last."""
        for page_index in (self._last + 1, self._last - 1):
            page = self._pages.get(page_index)
            stale = page is None or page.generation != self._generation
            if stale and 0 <= page_index * self.size < self.total and page_index not in self._broken:
                self._start(page_index)
                return

    def _start(self, page_index: int) -> None:
        self._tasks[page_index] = asyncio.create_task(self._load(page_index, self._generation))

    async def _load(self, page_index: int, generation: int) -> None:
        rows: Sequence[Row] | None = None
        total = 0
        problem: Problem | None = None
        try:
            total, rows = await self._fetch(page_index * self.size, self.size)
        except EngineGone:
            pass  # what is here stays
        except EngineProblem as error:
            problem = error.problem
        if generation != self._generation:
            return
        self._tasks.pop(page_index, None)
        self._wanted.pop(page_index, None)
        if rows is None:
            self._broken.add(page_index)
            if problem is not None and not self._failure_reported:
                self._failure_reported = True
                self._failed(problem)
        else:
            self._store(page_index, _Page(rows, generation), total)
        self._pump()

    def _trim(self, total: int | None) -> None:
        """Forget what is too much, and pages beyond a total that has changed."""
        while len(self._pages) > self.keep:
            self._pages.popitem(last=False)
        if total is not None:
            for beyond in [other for other in self._pages if other * self.size >= total]:
                del self._pages[beyond]

    def _store(self, page_index: int, page: _Page[Row], total: int) -> None:
        self._pages[page_index] = page
        self._pages.move_to_end(page_index)
        counted = total != self.total
        self._trim(total if counted else None)
        if counted:
            self.total = total
            self._counted(total)
        self._arrived(page_index * self.size, len(page.rows))
