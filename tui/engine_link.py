"""The interface's end of the wall: one engine at a time, started, asked, interrupted, ended, started anew.

Owns which engine is the present one.  Everything it hears is posted to the app as messages, so that one handler there
takes each in, and an answer waits until what was told before it has been taken in: what a statement printed stands
above its value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from textual.events import Callback
from textual.message import Message

from models.messages import Body, Busy, OutputText, Progress, StateChanged
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask

if TYPE_CHECKING:
    from models.engine.client import Pause

Answer = TypeVar("Answer", bound=Body)


MOST_UNSEEN = 500_000
"""Cost of what waits to be taken in before the engine has to wait: characters of text, and so much for the rest."""
OF_A_MESSAGE = 1_000
OF_A_CHANGE = 20_000
"""All that is on the screen is asked for again."""
PATIENCE = 2.0
"""Seconds."""


def _cost(body: Body) -> int:
    if isinstance(body, OutputText | Busy):
        return OF_A_MESSAGE + len(body.text)
    return OF_A_CHANGE + 50 * len(body.changed) if isinstance(body, StateChanged) else OF_A_MESSAGE


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
        on_event: Callable[[Body], Pause],
        on_stderr: Callable[[str], Pause],
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


class _Crowd:
    """Waits when it is awaited; who does not care need not."""

    def __init__(self, wait: Callable[[], Coroutine[None, None, None]]) -> None:
        self._wait = wait

    def __await__(self) -> Generator[None, None, None]:
        return self._wait().__await__()


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
        self._unseen = 0
        """What was posted since all was taken in the last time, by its cost."""

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
            on_event=lambda body: self._hear(turn, EngineEvent(body), _cost(body)),
            on_stderr=lambda text: self._hear(turn, EngineWords(text), OF_A_MESSAGE + len(text)),
            on_gone=lambda gone: self._gone(turn, gone),
        )

    def _hear(self, turn: int, message: Message, cost: int) -> Pause:
        if turn != self._turn:
            return None
        self._post(message)
        return self._pause(cost)

    def _pause(self, cost: int) -> Pause:
        """What to wait for before more is posted: keys stand behind it in the app's queue."""
        self._unseen += cost
        return _Crowd(self._until_taken_in) if self._unseen > MOST_UNSEEN else None

    async def _until_taken_in(self) -> None:
        with suppress(asyncio.TimeoutError):  # whoever takes in may itself wait for an answer that stands behind
            await asyncio.wait_for(self._taken_in(), PATIENCE)
        self._unseen = 0

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
            # What `_step` returns is waited for; whoever asks need not know.
            step = cast("Callable[[Progress], None]", partial(self._step, progress)) if progress else None
            reply = await self.client.request(request, answer, step)
        except EngineProblem:
            await self._taken_in()
            raise
        await self._taken_in()
        return reply

    def _step(self, progress: Callable[[Progress], None], step: Progress) -> Pause:
        self._post(Callback(callback=partial(progress, step)))
        return self._pause(OF_A_MESSAGE + len(step.text))

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
