"""The interface's end of the wall: one engine at a time, started, asked, interrupted, ended, started anew.

Owns which engine is the present one.  Everything it receives is posted to the app as messages, so that one handler
there takes each in, and an answer waits until what was sent before it has been taken in: what a statement printed
stands above its value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from textual.events import Callback
from textual.message import Message

from models.messages import Body, Busy, OutputText, Progress, StateChanged
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask

if TYPE_CHECKING:
    from models.engine.client import Pause

Answer = TypeVar("Answer", bound=Body)


UNSEEN_LIMIT = 500_000
"""Cost of what waits to be taken in before the engine has to wait: characters of text, and so much for the rest."""
OF_A_MESSAGE = 1_000
OF_A_CHANGE = 20_000
"""All that is on the screen is asked for again."""
LATE = 0.1
"""Seconds after which a reply is late: most come within a fifth of that."""
PATIENCE = 2.0
"""Seconds."""


def _cost(body: Body) -> int:
    if isinstance(body, OutputText | Busy):
        return OF_A_MESSAGE + len(body.text)
    return OF_A_CHANGE + 50 * len(body.changed) if isinstance(body, StateChanged) else OF_A_MESSAGE


class Engine(Protocol):
    """What is used of an `EngineClient`."""

    @property
    def request(self) -> Ask:
        """Return what sends requests to it."""

    def kill(self) -> None:
        """End its process at once."""

    async def close(self) -> None:
        """End it, and wait until nothing of it is left."""


class Starter(Protocol):
    """What is used of a `Launch`: tests start engines without a process."""

    async def start(
        self,
        *,
        on_event: Callable[[Body], Pause],
        on_stderr: Callable[[str], Pause],
        on_gone: Callable[[EngineGone], None],
    ) -> Engine:
        """Return a started engine; raise EngineGone where none can be started.

        The first two callbacks return what to wait for before more is read, or None.
        """


class EngineEvent(Message):
    """Posted when the engine sent something that nobody asked for."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body


class EngineWords(Message):
    """Posted when the engine's process wrote to its standard error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class EngineEnded(Message):
    """Posted when the present engine's process ended although nobody ended it."""

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
    """The way to the engine, which it starts and restarts.

    Args:
        launch: how an engine is started.
        post: takes the messages above, and callbacks, in their order; False when nobody takes them any more.
    """

    def __init__(self, launch: Starter, post: Callable[[Message], bool]) -> None:
        self.launch = launch
        self.post = post
        self.client: Engine | None = None
        self.starting = True
        """Whether an engine is being started, or will be: none was yet."""
        self._turn = 0
        """Counts the engines: words of one that was left are dropped."""
        self._mark: asyncio.Event | None = asyncio.Event()
        """Set when everything posted so far is taken in; None when there is no mark behind the last message."""
        self._mark.set()
        self._unseen = 0
        """What was posted since all was taken in the last time, by its cost."""
        self._asked: list[float] = []
        """When each request was sent that has no reply yet, by the monotonic clock."""

    @property
    def waiting_since(self) -> float | None:
        """Return when the oldest request was sent that has no reply yet, by the monotonic clock; None without one."""
        return min(self._asked, default=None)

    @property
    def is_late(self) -> bool:
        """Return whether a reply takes longer than those that are drawn at once."""
        return (since := self.waiting_since) is not None and monotonic() - since > LATE

    @property
    def alive(self) -> bool:
        """Return whether there is an engine."""
        return self.client is not None

    async def start(self) -> None:
        """Start an engine; one that is there already is ended first.

        Raises:
            EngineGone: it could not be started, or is of another version; the title says why.
        """
        await self.close()
        self._turn += 1
        turn = self._turn
        self.starting = True
        try:
            self.client = await self.launch.start(
                on_event=lambda body: self._receive(turn, EngineEvent(body), _cost(body)),
                on_stderr=lambda text: self._receive(turn, EngineWords(text), OF_A_MESSAGE + len(text)),
                on_gone=lambda gone: self._gone(turn, gone),
            )
        finally:
            if turn == self._turn:
                self.starting = False

    def _receive(self, turn: int, message: Message, cost: int) -> Pause:
        if turn != self._turn:
            return None
        self._post(message)
        return self._pause(cost)

    def _pause(self, cost: int) -> Pause:
        """What to wait for before more is posted: keys stand behind it in the app's queue."""
        self._unseen += cost
        return _Crowd(self._until_taken_in) if self._unseen > UNSEEN_LIMIT else None

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
        """Wait until the app has taken in what the engine sent so far."""
        if (mark := self._mark) is None:
            mark = asyncio.Event()
            if not self._post(Callback(callback=mark.set)):
                return
            self._mark = mark
        await mark.wait()

    async def ask(
        self, request: Body, answer: type[Answer], /, on_progress: Callable[[Progress], None] | None = None
    ) -> Answer:
        """Send a request to the present engine and return the reply (see `tui.asking.Ask`)."""
        if self.client is None:
            raise EngineGone("There is no engine", "R starts one.")

        asked = monotonic()
        self._asked.append(asked)
        try:
            # What `_report` returns is waited for; whoever asks need not know.
            report = cast("Callable[[Progress], None]", partial(self._report, on_progress)) if on_progress else None
            reply = await self.client.request(request, answer, report)
        except EngineProblem:
            await self._taken_in()
            raise
        finally:
            self._asked.remove(asked)
        await self._taken_in()
        return reply

    def _report(self, on_progress: Callable[[Progress], None], progress: Progress) -> Pause:
        self._post(Callback(callback=partial(on_progress, progress)))
        return self._pause(OF_A_MESSAGE + len(progress.text))

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
