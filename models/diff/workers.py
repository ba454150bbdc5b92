"""Work on pieces in several threads, the results in order, with no more pieces in memory than threads can use."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """All cores but one; with one or two there are no threads at all.  Use as a context."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or max(_cores() - 1, 1)
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ordered(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """`map`, at most two items ahead for each thread; stops when it is no longer asked."""
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


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
