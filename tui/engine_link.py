"""The interface's end of the wall: one engine at a time, started, asked, interrupted, ended, started anew.

Owns which engine is the present one.  Everything it hears is posted to the app as messages, so that one handler there
takes each in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from textual.message import Message

from models.engine.client import EngineClient
from models.engine.errors import EngineGone
from models.engine.launch import Launch
from models.engine.messages import Body, Progress

Answer = TypeVar("Answer", bound=Body)


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

    def __init__(self, launch: Launch, post: Callable[[Message], object]) -> None:
        self.launch = launch
        self.post = post
        self.client: EngineClient | None = None

    @property
    def alive(self) -> bool:
        return self.client is not None

    async def start(self) -> None:
        """Start an engine; one that is there already is ended first.

        Raises:
            EngineGone: it could not be started, or is of another version; the title says why.
        """
        await self.close()
        client = await self.launch.start()
        client.on_event = lambda body: self._from(client, EngineEvent(body))
        client.on_stderr = lambda text: self._from(client, EngineWords(text))
        client.on_gone = lambda gone: self._gone(client, gone)
        self.client = client

    def _from(self, client: EngineClient, message: Message) -> None:
        if client is self.client:
            self.post(message)

    def _gone(self, client: EngineClient, gone: EngineGone) -> None:
        if client is self.client:
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
        client, self.client = self.client, None
        if client is not None:
            await client.close()
