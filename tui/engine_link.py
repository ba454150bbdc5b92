"""The interface's end of the wall: one engine at a time, started, asked, interrupted, ended, started anew.

Owns which engine is the present one.  Everything it hears is posted to the app as messages, so that one handler there
takes each in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from textual.message import Message

from models.engine.errors import EngineGone
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
        post: takes the messages above; must be callable from the event loop's thread.
    """

    def __init__(self, launch: Starter, post: Callable[[Message], object]) -> None:
        self.launch = launch
        self.post = post
        self.client: Engine | None = None
        self._turn = 0
        """Counts the engines: words of one that was left are not heard."""

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
            self.post(message)

    def _gone(self, turn: int, gone: EngineGone) -> None:
        if turn == self._turn:
            self.client = None
            self.post(EngineEnded(gone))

    async def ask(
        self, request: Body, answer: type[Answer], /, progress: Callable[[Progress], None] | None = None
    ) -> Answer:
        """Ask the present engine (see `tui.asking.Ask`)."""
        if self.client is None:
            raise EngineGone("There is no engine", "R starts one.")
        return await self.client.request(request, answer, progress)

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
