"""Which function answers which request, and in which lane.

    @handles(Window, lane="query")
    def window(session: Session, request: Window, context: Context) -> Cells: ...

Lanes: `now` (the thread that reads: at once, microseconds only), `main` (the process's main thread, one after another;
may take for ever, can be interrupted), `query` (one thread: short questions), `slow` (one thread: long ones that look
at `context.cancelled()`), `background` (one thread: what may take minutes and nobody waits for).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ..messages import Body
from .context import Context

LaneName = Literal["now", "main", "query", "slow", "background"]
R = TypeVar("R", bound=Body)
A = TypeVar("A", bound=Body)


@dataclass(frozen=True)
class Entry:
    """One handler."""

    call: Callable[[Any, Any, Context], Body]
    lane: LaneName
    busy: Callable[[Any], str]
    """What the `Busy` event says while it runs (lane `main`)."""


class Registry:
    """Handlers by type of request."""

    def __init__(self) -> None:
        self._entries: dict[type[Body], Entry] = {}

    def handles(
        self, request: type[R], *, lane: LaneName = "query", busy: str | Callable[[R], str] = "working"
    ) -> Callable[[Callable[[Any, R, Context], A]], Callable[[Any, R, Context], A]]:
        """Decorator: the function answers requests of this type.

        Raises:
            ValueError: another function already does.
        """
        if request in self._entries:
            raise ValueError(f"{request.__name__} already has a handler")
        text = busy

        def register(call: Callable[[Any, R, Context], A]) -> Callable[[Any, R, Context], A]:
            self._entries[request] = Entry(call, lane, text if callable(text) else lambda _: text)
            return call

        return register

    def find(self, request: type[Body]) -> Entry | None:
        return self._entries.get(request)


registry = Registry()
"""The engine's own; the modules of `handlers/` fill it when they are imported."""

handles = registry.handles

__all__ = ["Context", "Entry", "LaneName", "Registry", "handles", "registry"]
