"""How a widget asks the engine: one callable, so that tests hand in a fake of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from models.messages import Body, Progress

Answer = TypeVar("Answer", bound=Body)


class Ask(Protocol):
    """`await ask(Window(path="0.weight"), Cells)` sends a request and returns the reply of the type named.

    Cancelling the awaiting task cancels the request in the engine.

    Raises:
        EngineProblem: the engine could not answer; `.problem` says why.
        EngineGone: there is no engine.
    """

    async def __call__(
        self, request: Body, answer: type[Answer], /, progress: Callable[[Progress], None] | None = None
    ) -> Answer: ...
