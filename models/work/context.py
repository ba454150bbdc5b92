"""What long work is given with its request."""

from __future__ import annotations

from typing import Protocol


class WorkContext(Protocol):
    """A request's cancellation and its progress reports."""

    def cancelled(self) -> bool:
        """Return whether the request is cancelled; long work checks every 0.1 s or so and gives up."""
        ...

    def progress(self, text: str, done: float | None = None) -> None:
        """Report in a few words how far the work is; `done` is the fraction from 0 to 1, None when unknown."""
        ...
