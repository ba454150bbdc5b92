"""How a widget asks the engine: one callable, so that tests hand in a fake of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from models.messages import Body, Progress

Answer = TypeVar("Answer", bound=Body)


class Ask(Protocol):
    """How a widget sends a request and gets the reply: `await ask(Window(path="0.weight"), Cells)`.

    The second argument is the type of the reply.  `on_progress`, where one is given, is called in the event loop with
    each report of a long request.  Cancelling the task that awaits the reply cancels the request in the engine.

    Raises:
        EngineProblem: the engine could not answer; `.problem` says why.
        EngineGone: there is no engine.
    """

    async def __call__(
        self, request: Body, answer: type[Answer], /, on_progress: Callable[[Progress], None] | None = None
    ) -> Answer: ...
