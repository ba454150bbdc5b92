"""Progress of work on one tensor, and on many."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .cancelled import Cancelled, ShouldCancel

if TYPE_CHECKING:
    from .context import WorkContext

OnProgress = Callable[[float], None]
"""A callback that is given the fraction done of one piece of work, from 0 to 1."""


class Ticker:
    """Counts the elements read of one tensor, reports each hundredth, and raises `Cancelled` when it should."""

    def __init__(self, total: int, should_cancel: ShouldCancel, on_progress: OnProgress | None) -> None:
        """Begin to count to `total` elements; without `on_progress` nothing is reported.

        Raises:
            Cancelled: `should_cancel()` returns True.
        """
        self._total, self._should_cancel, self._on_progress = total, should_cancel, on_progress
        self._done, self._reported = 0, -1.0
        self.read(0)

    @property
    def done(self) -> int:
        """Return the elements counted so far."""
        return self._done

    def read(self, elements: int) -> None:
        """Count this many more `elements`.

        Raises:
            Cancelled: `should_cancel()` returns True.
        """
        if self._should_cancel():
            raise Cancelled
        self._done += elements
        part = min(self._done / self._total, 0.99) if self._total else 0.0
        if self._on_progress is not None and part >= self._reported + 0.01:
            self._reported = part
            self._on_progress(part)

    def end(self) -> None:
        """Report that everything is done."""
        if self._on_progress is not None:
            self._on_progress(1.0)


class TotalProgress:
    """Reports the progress of taking statistics of `count` tensors of `total` bytes together."""

    def __init__(self, total: int, count: int, context: WorkContext) -> None:
        self._total = max(total, 1)
        self._count = count
        self._context = context
        self._before = 0
        self._finished = 0
        self._skipped = 0

    def part(self, path: str, size: int) -> OnProgress:
        """Return the `OnProgress` of the next tensor, at `path`, of `size` bytes."""

        def report(done: float) -> None:
            count = f"{self._finished + 1:,} of {self._count:,}"
            self._context.progress(f"statistics {count}: {path}", (self._before + size * done) / self._total)

        return report

    def done(self, size: int, without: bool = False) -> None:
        """Count a tensor of `size` bytes as done; `without` is True when it has no elements to take statistics of."""
        self._before += size
        self._finished += 1
        self._skipped += without

    @property
    def sentence(self) -> str:
        """Return a sentence for the user on what was done."""
        taken = self._finished - self._skipped
        text = f"statistics of {taken:,} tensor{'' if taken == 1 else 's'}"
        return f"{text}; {self._skipped:,} without numbers" if self._skipped else text
