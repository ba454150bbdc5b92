"""When a screen is drawn: at once where it was not drawn just now, and else as soon as it may be again.

Textual's own timer keeps to the beats of a clock: after a rest the first frame comes at once, and the second one to two
beats behind it, 17 to 33 ms, though nothing else is to be done.  What a key did is the first one; what the engine
answers is the second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.screen import UPDATE_PERIOD

REST = UPDATE_PERIOD / 4
"""Seconds that all else has between two frames, however long each takes."""


class FrameClock:
    """Calls `draw` when a screen wants to be drawn, no more often than the screen can be seen to change.

    In the place of the timer that Textual's screen has for it, with what the screen uses of that.

    Args:
        draw: draws the screen.
        wanted: whether the screen is still there to be drawn.
    """

    def __init__(self, draw: Callable[[], object], wanted: Callable[[], bool]) -> None:
        self._draw = draw
        self._wanted = wanted
        self._soonest = 0.0
        """When the next frame may be drawn, by the loop's clock."""
        self._due: asyncio.TimerHandle | None = None

    def resume(self) -> None:
        """Have the screen drawn."""
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(self._soonest, loop.time()), self._tick)

    def pause(self) -> None:
        """Leave the screen as it is until it wants to be drawn again."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _tick(self) -> None:
        self._due = None
        if not self._wanted():
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            self._draw()
        finally:
            self._soonest = max(began + UPDATE_PERIOD, clock() + REST)
