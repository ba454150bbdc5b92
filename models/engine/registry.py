"""The registry of handlers: which function answers which request, and in which lane.

    @handles(Window, lane="query")
    def window(session: Session, request: Window, context: Context) -> Cells: ...

Lanes: `now` (the thread that reads: at once, microseconds only), `main` (the process's main thread, one after another;
may take for ever, can be interrupted), `query` (one thread: short questions), `slow` (one thread: long ones that look
at `context.cancelled()`), `statistics` (one thread: those of the tensor that is shown, which no key that is pressed
meanwhile should wait for), `background` (one thread: what may take minutes and nobody waits for).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ..messages import Body
from .context import Context

LaneName = Literal["now", "main", "query", "slow", "statistics", "background"]
"""A lane, as the module's docstring describes them."""
R = TypeVar("R", bound=Body)
A = TypeVar("A", bound=Body)


@dataclass(frozen=True)
class HandlerEntry:
    """A handler and its lane."""

    call: Callable[[Any, Any, Context], Body]
    """Takes the session, the request and its context; returns the answer."""
    lane: LaneName
    busy: Callable[[Any], str]
    """Takes the request; returns the text of the `Busy` event while it runs (lane `main`)."""


class Registry:
    """The handlers by type of request."""

    def __init__(self) -> None:
        self._entries: dict[type[Body], HandlerEntry] = {}

    def handles(
        self, request: type[R], *, lane: LaneName = "query", busy: str | Callable[[R], str] = "working"
    ) -> Callable[[Callable[[Any, R, Context], A]], Callable[[Any, R, Context], A]]:
        """Return a decorator that registers a function as the handler of requests of this type.

        `busy` is the text of the `Busy` event while it runs, or makes it from the request.

        Raises:
            ValueError: another function is registered for it.
        """
        if request in self._entries:
            raise ValueError(f"{request.__name__} already has a handler")
        text = busy

        def register(call: Callable[[Any, R, Context], A]) -> Callable[[Any, R, Context], A]:
            self._entries[request] = HandlerEntry(call, lane, text if callable(text) else lambda _: text)
            return call

        return register

    def find(self, request: type[Body]) -> HandlerEntry | None:
        """Return the handler of requests of this type; None where there is none."""
        return self._entries.get(request)


registry = Registry()
"""The engine's registry; the modules of `handlers/` fill it when they are imported."""

handles = registry.handles
"""The decorator of the engine's handlers."""

__all__ = ["Context", "HandlerEntry", "LaneName", "Registry", "handles", "registry"]
