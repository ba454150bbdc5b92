"""Sending of replies, failures, progress and events, from any thread, each a whole frame."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable

from ..messages import Body, CallsGrew, Event, Failure, Problem, Progress, Reply
from . import codec
from .fitting import fit_message
from .framing import FrameWriter, FramingError
from .outbox import Outbox

_UNSENDABLE = (FramingError, OverflowError, TypeError)


class ReplyWriter:
    """Sends messages to the interface; over an `Outbox` it never waits.

    When the interface is gone nothing is raised: the thread that reads sees the end of its input and decides.
    """

    def __init__(self, writer: FrameWriter | Outbox) -> None:
        self._writer = writer

    def reply(self, request: int, body: Body) -> None:
        """Send the answer to a request; one that cannot be sent becomes a failure that says why."""
        try:
            self._send(codec.encode(Reply(request, codec.pack_fitting(body))))
        except _UNSENDABLE as error:
            title = f"the answer {type(body).__name__} cannot be sent"
            self.fail(request, Problem(kind="protocol", title=title, text=str(error)))

    def fail(self, request: int, problem: Problem) -> None:
        """Send the error that ends a request."""
        self._send(codec.encode(Failure(request, fit_message(problem))))

    def progress(self, request: int, text: str, done: float | None = None) -> None:
        """Send how far the work on a request is; `done` is the fraction from 0 to 1, None when unknown."""
        self._send(codec.encode(fit_message(Progress(request, text, done))), ("progress", request))

    def emit(self, body: Body) -> None:
        """Send an event."""
        slot = ("calls", body.run) if isinstance(body, CallsGrew) else None
        self._send(codec.encode(Event(codec.pack_fitting(body))), slot)

    def _send(self, payload: bytes, slot: Hashable = None) -> None:
        with contextlib.suppress(OSError):
            if isinstance(self._writer, Outbox):
                self._writer.write(payload, slot)
            else:
                self._writer.write(payload)
