"""Lanes: queues of jobs, each worked off in order by one thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ..messages import Body
from .context import Context
from .registry import Entry


@dataclass(frozen=True, eq=False)
class Job:
    """One request on its way to its handler.  Equal only to itself."""

    id: int
    body: Body
    entry: Entry
    context: Context


class Lane:
    """A queue of jobs; whoever calls `work` is its thread."""

    def __init__(self, perform: Callable[[Job], None]) -> None:
        self._perform = perform
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def put(self, job: Job) -> None:
        self._jobs.put(job)

    def stop(self) -> None:
        """End `work` after what is queued."""
        self._jobs.put(None)

    def work(self) -> None:
        """Perform job after job until stopped."""
        while (job := self._jobs.get()) is not None:
            self._perform(job)

    def start(self, name: str) -> threading.Thread:
        """Work in a thread of its own."""
        thread = threading.Thread(target=self.work, name=name, daemon=True)
        thread.start()
        return thread
