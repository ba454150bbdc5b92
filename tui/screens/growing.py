"""When the screen takes in that a run goes on: no more often than can be seen, and after the keys.

The engine reports it some twenty times a second.  Each time the table of calls asks for rows and is drawn, which takes
longer than what a key does: so what is reported meanwhile waits, and only the newest of it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.message_pump import MessagePump
from textual.timer import Timer

from models.messages import CallsGrew

EVERY = 0.125
"""Seconds from one time to the next, once the rows fill the table."""
QUIET = 0.06
"""Seconds after a key in which nothing is drawn but what it did."""
LONGEST = 0.5
"""Seconds from one time to the next while keys come all the time."""
LOOK_AGAIN = 0.02
"""Seconds between two looks at whether what was asked for the last time has come."""


class Growing:
    """Hands on the newest of the events that tell how a run grows, when the screen has time for it.

    Args:
        pump: whose timer is used.
        take: takes an event in.
        at_once: whether an event is not to wait, for it is of another run.
        at_work: whether what was asked for the last time is still under way: asking again would drop it.
        few: whether there are too few rows to wait for more.
        typed: when the last key came, by the monotonic clock.
    """

    def __init__(
        self,
        pump: MessagePump,
        take: Callable[[CallsGrew], None],
        *,
        at_once: Callable[[CallsGrew], bool],
        at_work: Callable[[], bool],
        few: Callable[[], bool],
        typed: Callable[[], float],
    ) -> None:
        self._pump = pump
        self._take = take
        self._at_once = at_once
        self._at_work = at_work
        self._few = few
        self._typed = typed
        self._newest: CallsGrew | None = None
        self._last = 0.0
        self._timer: Timer | None = None

    def tell(self, event: CallsGrew) -> None:
        """Take an event in, now or later; one that says that the run is over, or began, now."""
        self._newest = event
        if event.complete or self._at_once(event):
            self._hand_on()
        elif self._timer is None:
            self._look()

    def forget(self) -> None:
        """Drop what waits: its run is gone."""
        self._newest = None

    def _look(self) -> None:
        self._timer = None
        if self._newest is None:
            return
        wait = LOOK_AGAIN if self._at_work() else self._due() - monotonic()
        if wait > 0:
            self._timer = self._pump.set_timer(wait, self._look)
        else:
            self._hand_on()

    def _due(self) -> float:
        if self._few():
            return 0.0
        return max(self._last + EVERY, min(self._typed() + QUIET, self._last + LONGEST))

    def _hand_on(self) -> None:
        event, self._newest = self._newest, None
        self._last = monotonic()
        if event is not None:
            self._take(event)
