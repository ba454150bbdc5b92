"""What a handler may do besides returning its answer."""

from __future__ import annotations

from collections.abc import Callable

from ..messages import Body
from .reply_writer import ReplyWriter


class Context:
    """Handed to a handler with the request; usable from any thread until the handler returns."""

    def __init__(self, request: int, outlet: ReplyWriter, after_send: Callable[[], None]) -> None:
        self._request = request
        self._outlet = outlet
        self._after_send = after_send
        self._cancelled = False

    def cancelled(self) -> bool:
        """Nobody waits for the answer any more; long work looks here every 0.1 s or so and gives up."""
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled = True

    def progress(self, text: str, done: float | None = None) -> None:
        """Tell the one who asked how far it is: `done` from 0 to 1, None when unknown."""
        if not self._cancelled:
            self._outlet.progress(self._request, text, done)
            self._after_send()

    def emit(self, body: Body) -> None:
        """Tell the interface an event."""
        self._outlet.emit(body)
        self._after_send()
