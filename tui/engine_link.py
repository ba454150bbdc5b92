"""The interface's end of the wall: one engine at a time, started, asked, interrupted, ended, started anew.

Owns which engine is the present one.  Everything it hears is posted to the app as messages, so that one handler there
takes each in, and an answer waits until what was told before it has been taken in: what a statement printed stands
above its value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from textual.events import Callback
from textual.message import Message

from models.engine.errors import EngineGone, EngineProblem
from models.engine.messages import Body, Progress
from tui.asking import Ask

Answer = TypeVar("Answer", bound=Body)


class Engine(Protocol):
    """What is used of an `EngineClient`."""

    @property
    def request(self) -> Ask: ...

    def kill(self) -> None: ...

    async def close(self) -> None: ...


class Starter(Protocol):
    """What is used of a `Launch`: tests start engines without a process."""

    async def start(
        self,
        *,
        on_event: Callable[[Body], None],
        on_stderr: Callable[[str], None],
        on_gone: Callable[[EngineGone], None],
    ) -> Engine: ...


class EngineEvent(Message):
    """The engine told something without being asked."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body


class EngineWords(Message):
    """The engine's process wrote to its standard error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class EngineEnded(Message):
    """The present engine's process ended without being told to."""

    def __init__(self, gone: EngineGone) -> None:
        super().__init__()
        self.gone = gone


class EngineLink:
    """Starts and restarts the engine.

    Args:
        launch: how an engine is started.
        post: takes the messages above, and callbacks, in their order; False when nobody takes them any more.
    """

    def __init__(self, launch: Starter, post: Callable[[Message], bool]) -> None:
        self.launch = launch
        self.post = post
        self.client: Engine | None = None
        self._turn = 0
        """Counts the engines: words of one that was left are not heard."""
        self._mark: asyncio.Event | None = asyncio.Event()
        """Set when everything posted so far is taken in; None when there is no mark behind the last message."""
        self._mark.set()

    @property
    def alive(self) -> bool:
        return self.client is not None

    async def start(self) -> None:
        """Start an engine; one that is there already is ended first.

        Raises:
            EngineGone: it could not be started, or is of another version; the title says why.
        """
        await self.close()
        self._turn += 1
        turn = self._turn
        self.client = await self.launch.start(
            on_event=lambda body: self._hear(turn, EngineEvent(body)),
            on_stderr=lambda text: self._hear(turn, EngineWords(text)),
            on_gone=lambda gone: self._gone(turn, gone),
        )

    def _hear(self, turn: int, message: Message) -> None:
        if turn == self._turn:
            self._post(message)

    def _gone(self, turn: int, gone: EngineGone) -> None:
        if turn == self._turn:
            self.client = None
            self._post(EngineEnded(gone))

    def _post(self, message: Message) -> bool:
        self._mark = None
        return self.post(message)

    async def _taken_in(self) -> None:
        """Wait until the app has taken in what the engine told so far."""
        if (mark := self._mark) is None:
            mark = asyncio.Event()
            if not self._post(Callback(callback=mark.set)):
                return
            self._mark = mark
        await mark.wait()

    async def ask(
        self, request: Body, answer: type[Answer], /, progress: Callable[[Progress], None] | None = None
    ) -> Answer:
        """Ask the present engine (see `tui.asking.Ask`)."""
        if self.client is None:
            raise EngineGone("There is no engine", "R starts one.")

        try:
            reply = await self.client.request(request, answer, progress and partial(self._step, progress))
        except EngineProblem:
            await self._taken_in()
            raise
        await self._taken_in()
        return reply

    def _step(self, progress: Callable[[Progress], None], step: Progress) -> None:
        self._post(Callback(callback=partial(progress, step)))

    def kill(self) -> None:
        """End the engine's process at once, whatever it does."""
        if self.client is not None:
            self.client.kill()

    async def close(self) -> None:
        """End the engine and wait until nothing of it is left."""
        self._turn += 1
        client, self.client = self.client, None
        if client is not None:
            await client.close()
