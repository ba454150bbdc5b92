"""Threads that work on pieces and return results in order, with no more pieces in memory than they can use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import TypeVar

from ..work.cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """A pool of threads for a `with` statement; with one thread, work runs in the caller's."""

    def __init__(self, count: int | None = None) -> None:
        """Use `count` threads; None: as many as processor cores but one, and two where there are two."""
        cores = usable_cores()
        self.count = count or max(cores - 1, min(cores, 2))
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ordered(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield `work(item)` for each item, in order, at most two items ahead for each thread.

        Work that has not begun is cancelled when the iterator is closed.
        """
        rest = iter(items)
        first = list(islice(rest, 2))
        if self.count < 2 or len(first) < 2:
            yield from map(work, first)
            yield from map(work, rest)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count, "diff")
        pool = self._pool
        waiting: deque[Future[Result]] = deque(pool.submit(work, item) for item in first)
        waiting.extend(pool.submit(work, item) for item in islice(rest, 2 * self.count - 2))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(rest, 1))
        finally:
            for future in waiting:
                future.cancel()
