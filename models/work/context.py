"""What long work needs of whoever asked for it."""

from __future__ import annotations

from typing import Protocol


class Context(Protocol):
    """Handed on with a request that may take long."""

    def cancelled(self) -> bool:
        """Return whether nobody waits for the answer any more; long work looks here every 0.1 s or so and gives up."""
        ...

    def progress(self, text: str, done: float | None = None) -> None:
        """Report in a few words how far the work is: `done` from 0 to 1, None when unknown."""
        ...
