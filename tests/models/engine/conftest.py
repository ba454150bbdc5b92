from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from models.engine.client import EngineClient
from models.engine.framing import FrameReader, FrameWriter
from models.engine.launch import Launch
from models.engine.link import EngineStreams
from models.engine.reply_writer import ReplyWriter
from models.engine.server import EngineServer
from models.messages import Body, Execute, Executed
from models.messages.errors import EngineGone
from tests.models.engine.small_engine import Names, small_registry

SCRIPT = Path(__file__).with_name("small_engine.py")
SMALL = Launch((sys.executable, str(SCRIPT)), dies_with_us=True, timeout=30)


class RecordingClient:
    """A client, with what it received, and a way to wait for more."""

    def __init__(self, client: EngineClient) -> None:
        self.client = client
        self.events: list[Body] = []
        self.stderr = ""
        self.gone: list[EngineGone] = []
        self._news = asyncio.Event()
        client.on_event = lambda event: self._note(self.events.append, event)
        client.on_stderr = lambda text: self._note(self._add, text)
        client.on_gone = lambda gone: self._note(self.gone.append, gone)

    def _add(self, text: str) -> None:
        self.stderr += text

    def _note(self, keep: Callable[[Any], None], news: Any) -> None:
        keep(news)
        self._news.set()

    async def until(self, true: Callable[[], bool], timeout: float = 30) -> None:
        async def wait() -> None:
            while not true():
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(wait(), timeout)

    def printed(self, stream: str = "stdout") -> str:
        return "".join(event.text for event in self.events if getattr(event, "stream", None) == stream)

    async def run(self, code: str) -> str | None:
        """Execute code in the small engine and give what it left as `value`."""
        return (await self.client.request(Execute(text=code), Executed)).value


async def over_pipes() -> EngineClient:
    """A small engine in threads of this process."""
    to_engine, to_client = os.pipe(), os.pipe()

    def end(error: object) -> None:
        for descriptor in (to_engine[0], to_client[1]):
            os.close(descriptor)

    writer = ReplyWriter(FrameWriter(to_client[1]))
    server = EngineServer(FrameReader(to_engine[0]), writer, small_registry("models"), Names(), on_end=end)
    threading.Thread(target=server.run, daemon=True).start()
    return EngineClient(await EngineStreams.over(os.fdopen(to_client[0], "rb", 0), os.fdopen(to_engine[1], "wb", 0)))


@pytest.fixture(params=["pipes", "process"])
async def recording(request: pytest.FixtureRequest) -> AsyncIterator[RecordingClient]:
    """A client with its small engine, over both transports."""
    client = await (over_pipes() if request.param == "pipes" else SMALL.start())
    yield RecordingClient(client)
    await client.close()


Start = Callable[[Launch], Awaitable[RecordingClient]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts engines that are closed at the end of the test."""
    clients: list[EngineClient] = []

    async def start(launch: Launch) -> RecordingClient:
        client = await launch.start()
        clients.append(client)
        return RecordingClient(client)

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def engine(start: Start) -> RecordingClient:
    """A small engine in a process of its own."""
    return await start(SMALL)
