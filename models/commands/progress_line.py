"""How far long work is, in one line of a terminal that is written over: nothing where standard error is none."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from types import TracebackType

from ..safe_text import clean

PATIENCE = 0.3
"""Seconds before which nothing is shown."""
PAUSE = 0.1
"""Seconds between two lines."""


class ProgressLine:
    """Context that shows how far long work is; its line is gone afterwards, also after an error.

    Shows nothing where standard error is no terminal.
    """

    def __init__(self) -> None:
        stream = sys.stderr
        self._wanted = stream is not None and not stream.closed and stream.isatty()
        self._next = time.monotonic() + PATIENCE
        self._shown = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("")

    def show(self, text: str) -> None:
        """Show `text`, made safe and cut to the width of the terminal; not before 0.3 seconds, then every 0.1."""
        if not self._wanted or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PAUSE
        self._shown = True
        self._write(clean(text, _width() - 1))

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
