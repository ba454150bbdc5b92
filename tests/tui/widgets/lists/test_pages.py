from __future__ import annotations

import asyncio
from collections.abc import Callable

from models.messages import Problem
from models.messages.errors import EngineGone, EngineProblem
from tui.widgets.lists.pages import AT_ONCE, Pages


class Source:
    """Rows `(version, index)`; answers wait while `open` is not set."""

    def __init__(self, total: int = 10_000, **options: int) -> None:
        self.total = total
        self.version = 1
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[int] = []
        self.cancelled: list[int] = []
        self.under_way = 0
        self.most = 0
        self.arrived: list[tuple[int, int]] = []
        self.totals: list[int] = []
        self.problems: list[Problem] = []
        self.pages: Pages[tuple[int, int]] = Pages(
            self.fetch,
            arrived=lambda start, count: self.arrived.append((start, count)),
            counted=self.totals.append,
            failed=self.problems.append,
            size=options.get("size", 10),
            keep=options.get("keep", 8),
        )

    async def fetch(self, start: int, count: int) -> tuple[int, list[tuple[int, int]]]:
        self.asked.append(start // count)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        version = self.version
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled.append(start // count)
            raise
        finally:
            self.under_way -= 1
        if self.error is not None:
            raise self.error
        return self.total, [(version, index) for index in range(start, min(start + count, self.total))]

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(10_000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError("it never came")

    async def rest(self) -> None:
        await asyncio.sleep(0)
        await self.until(lambda: not self.pages.busy)


async def test_a_row_is_there_after_it_was_asked_for() -> None:
    source = Source()
    assert source.pages.get(57) is None
    await source.rest()
    assert source.pages.get(57) == (1, 57)
    assert source.totals == [10_000]
    assert (50, 10) in source.arrived


async def test_a_page_is_fetched_once_however_often_it_is_drawn() -> None:
    source = Source()
    for _ in range(5):
        for index in range(50, 60):
            source.pages.get(index)
    await source.rest()
    source.pages.get(51)
    await source.rest()
    assert source.asked.count(5) == 1


async def test_neighbours_come_after_what_is_looked_at() -> None:
    source = Source()
    source.pages.get(50)
    await source.rest()
    assert source.asked == [5, 6, 4]


async def test_nothing_beyond_the_ends_is_fetched_ahead() -> None:
    source = Source(total=15)
    source.pages.get(0)
    await source.rest()
    assert source.asked == [0, 1]


async def test_what_the_eye_left_is_not_waited_for() -> None:
    source = Source()
    source.open.clear()
    for page in range(100):
        source.pages.get(page * 10)
        await asyncio.sleep(0)
    assert source.cancelled == source.asked[:-AT_ONCE]
    assert len(source.asked) < 50
    source.open.set()
    await source.rest()
    assert source.pages.get(995) == (1, 995)
    assert source.most <= AT_ONCE


async def test_only_so_many_pages_are_kept() -> None:
    source = Source(keep=4)
    for page in range(0, 40, 2):
        source.pages.get(page * 10)
        await source.rest()
    assert sum(source.pages.peek(page * 10) is not None for page in range(1_000)) == 4


async def test_old_rows_stay_until_new_ones_come() -> None:
    source = Source()
    source.pages.get(0)
    await source.rest()
    source.version = 2
    source.open.clear()
    source.pages.refresh()
    await asyncio.sleep(0)
    assert source.pages.get(3) == (1, 3)
    source.open.set()
    await source.rest()
    assert source.pages.get(3) == (2, 3)


async def test_answers_from_before_a_refresh_are_dropped() -> None:
    source = Source()
    source.open.clear()
    source.pages.get(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.version = 2
    source.pages.refresh()
    source.open.set()
    await source.rest()
    assert source.pages.get(0) == (2, 0)
    assert source.cancelled == [0]


async def test_a_shorter_list_forgets_what_is_beyond() -> None:
    source = Source(total=30)
    source.pages.get(25)
    await source.rest()
    source.total = 12
    source.pages.refresh()
    source.pages.get(5)
    await source.rest()
    assert source.totals == [30, 12]
    assert source.pages.peek(25) is None


async def test_renewing_takes_everything_over_at_once() -> None:
    source = Source(total=100)
    source.pages.get(0)
    await source.rest()
    source.version, source.total = 2, 60
    source.open.clear()
    renewing = asyncio.create_task(source.pages.renew(5, 14))
    await asyncio.sleep(0)
    assert (source.pages.get(5), source.pages.get(15), source.pages.total) == ((1, 5), (1, 15), 100)
    source.open.set()
    assert await renewing == 60
    assert (source.pages.get(5), source.pages.get(15), source.pages.total) == ((2, 5), (2, 15), 60)
    await source.rest()


async def test_a_problem_is_reported_once_and_not_asked_for_again_and_again() -> None:
    source = Source()
    source.error = EngineProblem(Problem("engine", "broken"))
    for _ in range(5):
        source.pages.get(0)
        source.pages.get(10)
        await source.rest()
    assert source.problems == [Problem("engine", "broken")]
    assert sorted(source.asked) == [0, 1]
    source.error = None
    source.pages.refresh()
    await source.rest()
    assert source.pages.get(3) == (1, 3) or source.pages.get(13) == (1, 13)


async def test_rows_outlive_the_engine() -> None:
    source = Source()
    source.pages.get(0)
    await source.rest()
    source.error = EngineGone("ended with signal 9")
    source.pages.refresh()
    await source.rest()
    assert source.pages.get(5) == (1, 5)
    assert source.problems == []


async def test_closing_cancels_and_asks_for_nothing_more() -> None:
    source = Source()
    source.open.clear()
    source.pages.get(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.pages.close()
    source.pages.get(500)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (source.asked, source.cancelled) == ([0], [0])
    assert not source.pages.busy


async def test_what_is_asked_anew_while_all_is_renewed_comes() -> None:
    source = Source()
    source.pages.get(0)
    await source.rest()
    source.open.clear()
    renewing = asyncio.create_task(source.pages.renew(0, 9))
    await source.until(lambda: source.under_way == 1)
    source.version = 2
    source.pages.refresh()
    await source.until(lambda: source.under_way == 2)
    source.open.set()
    await renewing
    await source.until(lambda: source.pages.peek(0) == (2, 0))


async def test_what_is_renewed_with_all_else_kept_is_not_drawn_as_missing_elsewhere() -> None:
    source = Source(total=100, keep=4)
    for index in (0, 50):
        source.pages.get(index)
        await source.rest()
    source.version, source.total = 2, 95
    assert await source.pages.renew(90, 94, keep=True) == 95
    assert source.pages.peek(94) == (2, 94)
    assert source.pages.peek(50) == (1, 50)
    assert len(list(source.pages.items())) == 3 * 10 + 5, "no more than four pages"
    assert source.pages.get(50) == (1, 50), "until the new one comes"
    await source.rest()
    assert source.pages.get(50) == (2, 50)
    source.total = 20
    await source.pages.renew(10, 19, keep=True)
    assert [index for index, _ in source.pages.items()] == list(range(10, 20)), "none is beyond the end"
