"""Engines that are broken, or somebody's who means harm: reported at once, and nothing grows without end."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from models.engine.client import LONGEST_LINE, EngineClient
from models.engine.launch import Launch
from models.engine.link import EngineStreams
from models.messages import Body, Cells, Window
from models.messages.errors import EngineGone, EngineProblem

SENDS = """
import os, sys, struct, msgspec
def frame(message):
    data = msgspec.msgpack.encode(message)
    os.write(1, struct.pack(">I", len(data)) + data)
def asked():
    size = struct.unpack(">I", sys.stdin.buffer.read(4))[0]
    return msgspec.msgpack.decode(sys.stdin.buffer.read(size))
def wait():
    while sys.stdin.buffer.read(1): pass
GREETING = {"type": "Greeting", "protocol": 1, "version": "0", "python": "3", "executable": "p", "host": "h", "pid": 1}
def reply(body, to=None):
    frame({"type": "reply", "id": asked()["id"] if to is None else to, "body": body})
"""


def launch(code: str, timeout: float = 30.0) -> Launch:
    return Launch((sys.executable, "-c", SENDS + code), dies_with_us=False, timeout=timeout)


async def refused(code: str, timeout: float = 30.0) -> EngineGone:
    with pytest.raises(EngineGone) as raised:
        await launch(code, timeout).start()
    return raised.value


async def test_a_length_over_the_limit_is_reported_before_anything_else_comes() -> None:
    gone = await refused(r'os.write(1, b"\xff\xff\xff\xff"); wait()')
    assert "does not speak modulescope's protocol" in gone.title


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('os.write(1, b"Welcome to box!\\n"); wait()', "Welcome to box!"),
        ('reply({"type": "Done"}); wait()', "no Greeting"),
        ('reply({"type": "Greeting"}); wait()', "no Greeting"),
        ("reply(5); wait()", "no Greeting"),
        ('reply(GREETING | {"protocol": 10**9}); wait()', "protocol 1000000000"),
        ('reply(GREETING | {"pid": -1}); wait()', "no Greeting"),
        ('asked(); frame({"type": "failure", "id": 1, "problem": {"kind": "x", "title": "no"}}); wait()', "no"),
        ("frame({}); wait()", "no greeting"),
        ("for n in range(100): reply({'type': 'Done'}, to=n + 50)\nwait()", "no greeting"),
    ],
)
async def test_no_greeting(code: str, words: str) -> None:
    gone = await refused(code, timeout=2.0)
    assert words in gone.title


async def started(code: str, **callbacks: Any) -> EngineClient:
    return await launch("reply(GREETING)\n" + code).start(**callbacks)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('reply({"type": "Done"})', "is no Cells"),
        ('reply({"type": "Cells", "path": "a", "of": "value", "height": -1})', "height"),
        ('reply({"type": "Cells", "path": "a", "of": "value", "rows": 5, "columns": 2, "height": 9})', "contradicts"),
        ('reply({"type": "Cells", "path": "a", "of": "value", "values": [0.0] * 20001})', "values"),
        ("n = asked()['id']\nfor _ in range(3): reply({'type': 'Done'}, to=n)", "is no Cells"),
    ],
)
async def test_answers_that_are_none(code: str, words: str) -> None:
    client = await started(code + "\nreply({'type': 'Cells', 'path': 'b', 'of': 'value'})\nwait()")
    with pytest.raises(EngineProblem) as raised:
        await client.request(Window(path="a"), Cells)
    assert words in raised.value.problem.title + raised.value.problem.text
    assert (await client.request(Window(path="b"), Cells)).path == "b"
    await client.close()


async def test_a_line_without_end_on_standard_error() -> None:
    received = 0
    enough = asyncio.Event()

    def take_in(text: str) -> None:
        nonlocal received
        received += len(text)
        if received > 5_000_000:
            enough.set()

    client = await started("while True: os.write(2, b'x' * 65536)", on_stderr=take_in)
    await enough.wait()
    assert len(client.words) <= LONGEST_LINE
    await client.close(grace=0)


@pytest.mark.parametrize("way", ["events", "words"])
async def test_a_flood_waits_for_the_callback(way: str) -> None:
    """Nothing more is read while the callback waits."""
    received = 0
    may_go_on = asyncio.Event()
    stopped, went_on = asyncio.Event(), asyncio.Event()

    async def taken_in() -> None:
        stopped.set()
        await may_go_on.wait()

    def take_in(message: Body | str) -> Any:
        nonlocal received
        received += 1
        if received == 20:
            went_on.set()
        return taken_in() if received == 10 else None

    flood = {
        "events": "while True: frame({'type': 'event', 'body': {'type': 'Busy', 'text': 'x' * 1000}})",
        "words": "while True: os.write(2, b'x' * 65536)",
    }[way]
    callbacks = {"on_event" if way == "events" else "on_stderr": take_in}
    client = await started("import time\n" + flood, **callbacks)
    await stopped.wait()
    link: EngineStreams = client._link
    stream = link.incoming if way == "events" else link.errors
    assert stream is not None
    for _ in range(200):  # turns of the loop in which more would be read
        await asyncio.sleep(0)
    assert received == 10
    assert len(stream._buffer) < 8 * 2**20  # type: ignore[attr-defined]
    may_go_on.set()
    await went_on.wait()
    await client.close(grace=0)
