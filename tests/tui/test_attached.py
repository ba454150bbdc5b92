"""The starter of `explore()`: one engine for as long as the interface lives, however often it is started."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from models.engine.framing import FrameReader, FrameWriter
from models.engine.reply_writer import ReplyWriter
from models.engine.server import EngineServer
from models.messages import Body, Busy, Cells, Execute, Executed, Window
from tests.models.engine.small_engine import Names, small_registry
from tui.attached import LEFT_ALONE, Attached


@pytest.fixture
def pipes() -> Iterator[tuple[int, int]]:
    """The interface's ends of an engine's pipes; the engine is a thread, and cannot be interrupted."""
    read, engine_write = os.pipe()
    engine_read, write = os.pipe()
    server = EngineServer(
        FrameReader(engine_read),
        ReplyWriter(FrameWriter(engine_write)),
        small_registry("models"),
        Names(),
        on_end=lambda error: os.close(engine_write),
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    yield read, write
    thread.join(10)
    os.close(engine_read)
    assert not thread.is_alive()


class Heard:
    """The events, and a way to wait for more."""

    def __init__(self) -> None:
        self.events: list[Body] = []
        self._news = asyncio.Event()

    def take(self, event: Body) -> None:
        self.events.append(event)
        self._news.set()

    def callbacks(self) -> dict[str, Any]:
        return {"on_event": self.take, "on_stderr": lambda text: None, "on_gone": lambda gone: None}

    async def until(self, count: int) -> None:
        while len(self.events) < count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)


async def close(starter: Attached) -> None:
    """As the end of the interface's process does."""
    assert starter._client is not None
    await starter._client.close()


async def test_a_second_start_is_the_same_engine_and_sends_what_it_still_does(pipes: tuple[int, int]) -> None:
    starter, before, after = Attached(*pipes), Heard(), Heard()
    first = await starter.start(**before.callbacks())
    await first.request(Execute(text="n = 41"), Executed)
    running = asyncio.create_task(first.request(Execute(text="while session.windows < 1: pass"), Executed))
    await before.until(3)
    await first.close()  # which ends nothing
    second = await starter.start(**after.callbacks())
    assert after.events == [Busy(text="while session.window")]
    assert len(before.events) == 3
    await second.request(Window(path="w"), Cells)
    await running
    assert (await second.request(Execute(text="value = n + 1"), Executed)).value == "42"
    assert after.events[-1] == Busy(text="")
    await close(starter)


async def test_killing_leaves_and_the_programs_end_leaves_too(pipes: tuple[int, int]) -> None:
    starter, left, gone = Attached(*pipes), list[int](), asyncio.Event()

    def leave(status: int) -> None:
        left.append(status)
        if status:
            gone.set()

    starter.leave = leave
    engine = await starter.start(**Heard().callbacks())
    engine.kill()
    assert left == [0]
    assert (await engine.request(Execute(text="value = 1"), Executed)).value == "1"
    assert starter._client is not None
    starter._client.kill()
    await asyncio.wait_for(gone.wait(), 10)
    assert left == [0, LEFT_ALONE]


async def test_a_program_that_dies_is_left_though_a_fork_of_it_keeps_the_pipes_open(
    pipes: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    starter, left, gone = Attached(*pipes), list[int](), asyncio.Event()

    def leave(status: int) -> None:
        left.append(status)
        gone.set()

    starter.leave = leave
    await starter.start(**Heard().callbacks())
    monkeypatch.setattr(os, "getppid", lambda: -1)
    try:
        await asyncio.wait_for(gone.wait(), 10)
        assert left == [LEFT_ALONE]
    finally:
        await close(starter)
