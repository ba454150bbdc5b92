"""The engine's mouth: replies, failures, progress and events, from any thread, each a whole frame."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable

from ..messages import Body, CallsGrew, Event, Failure, Problem, Progress, Reply
from . import codec
from .fitting import fitted
from .framing import FrameWriter, FramingError
from .outbox import Outbox

_UNSENDABLE = (FramingError, OverflowError, TypeError)


class ReplyWriter:
    """Sends to the interface: over an `Outbox` without ever waiting for it.

    When the interface is gone nothing is raised: the thread that reads sees the end of its input and decides.
    """

    def __init__(self, writer: FrameWriter | Outbox) -> None:
        self._writer = writer

    def reply(self, request: int, body: Body) -> None:
        """Answer a request; an answer that cannot be sent becomes a failure that says why."""
        try:
            self._send(codec.encode(Reply(request, codec.pack_fitting(body))))
        except _UNSENDABLE as error:
            title = f"the answer {type(body).__name__} cannot be sent"
            self.fail(request, Problem(kind="protocol", title=title, text=str(error)))

    def fail(self, request: int, problem: Problem) -> None:
        self._send(codec.encode(Failure(request, fitted(problem))))

    def progress(self, request: int, text: str, done: float | None = None) -> None:
        """`done` from 0 to 1, or None when nobody can tell."""
        self._send(codec.encode(fitted(Progress(request, text, done))), ("progress", request))

    def emit(self, body: Body) -> None:
        """Send an event that nobody asked for."""
        slot = ("calls", body.run) if isinstance(body, CallsGrew) else None
        self._send(codec.encode(Event(codec.pack_fitting(body))), slot)

    def _send(self, payload: bytes, slot: Hashable = None) -> None:
        with contextlib.suppress(OSError):
            if isinstance(self._writer, Outbox):
                self._writer.write(payload, slot)
            else:
                self._writer.write(payload)
