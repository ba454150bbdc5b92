"""The context of a request: what its handler may do besides returning the answer."""

from __future__ import annotations

from collections.abc import Callable

from ..messages import Body
from .reply_writer import ReplyWriter


class Context:
    """The cancellation, progress reports and events of one request.

    Usable from any thread until the handler returns.  `after_send` is called after each message that is sent.
    """

    def __init__(self, request: int, writer: ReplyWriter, after_send: Callable[[], None]) -> None:
        self._request = request
        self._writer = writer
        self._after_send = after_send
        self._cancelled = False

    def cancelled(self) -> bool:
        """Return whether the request is cancelled; long work checks every 0.1 s or so and gives up."""
        return self._cancelled

    def cancel(self) -> None:
        """Cancel the request: `cancelled` returns True from now on."""
        self._cancelled = True

    def progress(self, text: str, done: float | None = None) -> None:
        """Send how far the work is, in a few words; `done` is the fraction from 0 to 1, None when unknown."""
        if not self._cancelled:
            self._writer.progress(self._request, text, done)
            self._after_send()

    def emit(self, body: Body) -> None:
        """Send the interface an event."""
        self._writer.emit(body)
        self._after_send()
