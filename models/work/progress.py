"""Progress of work on many tensors, told as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .context import Context

OnProgress = Callable[[float], None]
"""Told how far one piece of work is, from 0 to 1."""


class Progress:
    """Adds up the parts: `total` bytes in `count` tensors."""

    def __init__(self, total: int, count: int, context: Context) -> None:
        self._total = max(total, 1)
        self._count = count
        self._context = context
        self._before = 0
        self._number = 0
        self._without = 0

    def part(self, path: str, size: int) -> OnProgress:
        """What to tell of a part of `size` bytes."""

        def tell(done: float) -> None:
            number = f"{self._number + 1:,} of {self._count:,}"
            self._context.progress(f"statistics {number}: {path}", (self._before + size * done) / self._total)

        return tell

    def done(self, size: int, without: bool = False) -> None:
        """A part of `size` bytes is done; `without` numbers, when it has none to take statistics of."""
        self._before += size
        self._number += 1
        self._without += without

    @property
    def sentence(self) -> str:
        """What was done, for the user."""
        taken = self._number - self._without
        text = f"statistics of {taken:,} tensor{'' if taken == 1 else 's'}"
        return f"{text}; {self._without:,} without numbers" if self._without else text
