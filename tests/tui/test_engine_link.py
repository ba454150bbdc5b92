from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_app import AppEngine
from textual.events import Callback
from textual.message import Message

from models.messages import (
    Done,
    Examples,
    ListExamples,
    OpenSource,
    OutputText,
    Problem,
    SourceOpened,
    TreePage,
    TreeRows,
    Undo,
)
from models.messages.errors import EngineGone, EngineProblem
from tui.engine_link import EngineEnded, EngineEvent, EngineLink, EngineWords


class App:
    """Takes messages in its own time, as an app does."""

    def __init__(self) -> None:
        self.queue: list[Message] = []
        self.taken: list[object] = []
        self.ended = False

    def post(self, message: Message) -> bool:
        if not self.ended:
            self.queue.append(message)
        return not self.ended

    def take(self) -> None:
        while self.queue:
            message = self.queue.pop(0)
            if isinstance(message, Callback):
                message.callback()
            else:
                self.taken.append(message)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def engine() -> AppEngine:
    return AppEngine()


@pytest.fixture
def link(app: App, engine: AppEngine) -> EngineLink:
    return EngineLink(engine, app.post)


async def test_it_asks_the_engine_that_it_started(link: EngineLink) -> None:
    with pytest.raises(EngineGone, match="There is no engine"):
        await link.ask(ListExamples(), Examples)
    assert not link.alive
    assert link.starting
    await link.start()
    assert link.alive
    assert not link.starting
    assert len((await link.ask(TreeRows(start=0, count=5), TreePage)).rows) == 5


async def test_what_is_sent_is_posted(link: EngineLink, app: App, engine: AppEngine) -> None:
    await link.start()
    assert engine.client is not None
    engine.send(OutputText(stream="stdout", text="a"))
    engine.client.on_stderr("b")
    engine.end("exit status 3", "last words")
    event, words, ended = app.queue
    assert isinstance(event, EngineEvent)
    assert event.body == OutputText(stream="stdout", text="a")
    assert isinstance(words, EngineWords)
    assert words.text == "b"
    assert isinstance(ended, EngineEnded)
    assert (ended.gone.title, ended.gone.words) == ("exit status 3", "last words")
    assert not link.alive


async def test_what_an_engine_that_was_left_sends_is_dropped(link: EngineLink, app: App, engine: AppEngine) -> None:
    await link.start()
    old = engine.client
    assert old is not None
    await link.start()
    assert old.closed
    assert engine.starts == 2
    old.on_event(OutputText(stream="stdout", text="late"))
    old.on_gone(EngineGone("late"))
    assert app.queue == []
    assert link.alive


async def test_kill_and_close(link: EngineLink, app: App, engine: AppEngine) -> None:
    link.kill()  # nobody is there
    assert engine.kills == 0
    await link.start()
    link.kill()
    assert engine.kills == 1
    assert isinstance(app.queue.pop(), EngineEnded)
    await link.start()
    client = engine.client
    assert client is not None
    await link.close()
    assert client.closed
    assert not link.alive
    assert app.queue == []


async def test_a_start_that_fails_leaves_no_engine(link: EngineLink, engine: AppEngine) -> None:
    await link.start()
    engine.refusal = EngineGone("no such program")
    with pytest.raises(EngineGone, match="no such program"):
        await link.start()
    assert not link.alive


@pytest.mark.parametrize("failing", [False, True])
async def test_an_answer_waits_until_what_was_sent_before_is_taken_in(
    link: EngineLink, app: App, engine: AppEngine, failing: bool
) -> None:
    await link.start()

    def undo(body: Undo) -> Done:
        engine.send(OutputText(stream="stdout", text="printed"))
        if failing:
            raise EngineProblem(Problem("usage", "nothing to undo"))
        return Done(text="done")

    engine.answers[Undo] = undo
    asking = asyncio.ensure_future(link.ask(Undo(), Done))
    for _ in range(20):
        await asyncio.sleep(0)
    assert isinstance(app.queue[-1], Callback)
    assert not asking.done()
    app.take()
    if failing:
        with pytest.raises(EngineProblem):
            await asking
    else:
        assert (await asking).text == "done"
    assert "printed" in [message.body.text for message in app.taken if isinstance(message.body, OutputText)]  # type: ignore[attr-defined]
    # With nothing sent meanwhile nobody waits for the app.
    await link.ask(TreeRows(start=0, count=1), TreePage)
    assert app.queue == []


async def test_an_answer_does_not_wait_for_an_app_that_ended(link: EngineLink, app: App, engine: AppEngine) -> None:
    await link.start()
    app.ended = True
    engine.send(OutputText(stream="stdout", text="printed"))
    assert (await link.ask(ListExamples(), Examples)).items


async def test_progress_comes_in_its_order(link: EngineLink, app: App, engine: AppEngine) -> None:
    await link.start()
    engine.steps[OpenSource] = ["one", "two"]
    seen: list[Any] = []
    asking = asyncio.ensure_future(
        link.ask(OpenSource(source="rgnet"), SourceOpened, lambda step: seen.append(step.text))
    )
    for _ in range(20):
        await asyncio.sleep(0)
        app.take()
    assert seen == ["one", "two"]
    assert asking.result().summary.parameters == 309


async def test_an_engine_that_sends_more_than_is_taken_in_has_to_wait(
    link: EngineLink, app: App, engine: AppEngine
) -> None:
    await link.start()
    assert engine.client is not None
    pauses = [engine.client.on_event(OutputText(stream="stdout", text="x" * 65_536)) for _ in range(20)]
    assert pauses[0] is None
    assert pauses[-1] is not None

    async def waited() -> None:
        await pauses[-1]

    waiting = asyncio.ensure_future(waited())
    await asyncio.sleep(0)
    assert not waiting.done()
    app.take()
    await waiting
    assert engine.client.on_event(OutputText(stream="stdout", text="more")) is None
