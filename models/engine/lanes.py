"""Lanes: queues of jobs, each performed in order by one thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ..messages import Body
from .context import Context
from .registry import HandlerEntry


@dataclass(frozen=True, eq=False)
class Job:
    """One request on its way to its handler.  Equal only to itself."""

    id: int
    body: Body
    entry: HandlerEntry
    context: Context


class Lane:
    """A queue of jobs; whoever calls `work` is its thread."""

    def __init__(self, perform: Callable[[Job], None]) -> None:
        self._perform = perform
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def put(self, job: Job) -> None:
        """Queue a job; callable from any thread."""
        self._jobs.put(job)

    def stop(self) -> None:
        """End `work` after the queued jobs."""
        self._jobs.put(None)

    def work(self) -> None:
        """Perform job after job until stopped."""
        while (job := self._jobs.get()) is not None:
            self._perform(job)

    def start(self, name: str) -> threading.Thread:
        """Start `work` in a daemon thread of its own, and return it."""
        thread = threading.Thread(target=self.work, name=name, daemon=True)
        thread.start()
        return thread
