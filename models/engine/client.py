"""The interface's side of the wall: one connection to one engine, from its first byte to its last.

Must not import torch or textual.
"""

from __future__ import annotations

import asyncio
import codecs
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ..messages import Body, Cancel, Done, Event, Failure, Greeting, Interrupt, Problem, Progress, Reply, Request
from ..messages.errors import EngineGone, EngineProblem
from . import codec
from .exit_reason import describe_end
from .frame_stream import read_frame
from .framing import CutError, FramingError, frame
from .link import EngineStreams

T = TypeVar("T")
Answer = TypeVar("Answer", bound=Body)
RequestOutcome = Reply | Failure | EngineGone
Pause = Awaitable[None] | None
"""What a callback returns: an awaitable to wait for before more is read, or None."""

LAST_WORDS = 40
"""Last lines of the engine's standard error that are kept."""
LONGEST_LINE = 2000
"""Characters that are kept of one of them."""
FAIRNESS = 32
"""Frames handled before the event loop gets its turn, however many have arrived."""
DYING = 0.5
"""Seconds to wait for a process that closed its output to end, and for the rest of its standard error."""
DEAD = 5.0
"""Seconds to wait for a process that was killed."""


@dataclass(frozen=True)
class _Waiting:
    outcome: asyncio.Future[RequestOutcome]
    on_progress: Callable[[Progress], Pause] | None


class EngineClient:
    """Sends requests to the engine at the other end of `link`, and passes on its answers and events.

    Made within a running event loop.  The three callbacks may be set at any time; they run in the event loop and must
    be quick.  One that cannot keep up with the engine returns an awaitable: nothing more is read until it is done, and
    the engine has to wait.  All text from the engine is hostile data: to be cleaned before it is shown.
    """

    def __init__(self, link: EngineStreams) -> None:
        self.on_event: Callable[[Body], Pause] = lambda event: None
        """Called with every event, in order."""
        self.on_stderr: Callable[[str], Pause] = lambda text: None
        """Called with what the engine's process writes to its standard error, in pieces."""
        self.on_gone: Callable[[EngineGone], None] = lambda gone: None
        """Called once, when the engine is gone, unless `close` was called."""
        self.greeting: Greeting | None = None
        """The engine's greeting, set by `Launch.start`; None before it."""
        self.gone: EngineGone | None = None
        """Why there is no engine any more; None while there is one."""
        self._link = link
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._words: deque[str] = deque([""], maxlen=LAST_WORDS)
        self._spoilt = ""
        self._killed = False
        self._closing = False
        self._reading = asyncio.create_task(self._read())
        self._reading_stderr = asyncio.create_task(self._read_stderr())
        self._watching = asyncio.create_task(self._watch())

    @property
    def words(self) -> str:
        """Return the last lines of the engine's standard error."""
        return "\n".join(self._words).strip("\n")

    async def request(
        self, body: Body, answer: type[Answer], /, on_progress: Callable[[Progress], Pause] | None = None
    ) -> Answer:
        """Send a request and return its answer, of the type `answer`.

        `on_progress` is called with each report of progress.  Cancelling the task cancels the request in the engine
        too.

        Raises:
            EngineProblem: the engine could not answer, or gave an answer of another type (`kind` `protocol`).
            EngineGone: there is no engine, or it ended meanwhile.
        """
        if self.gone is not None:
            raise EngineGone(self.gone.title, self.gone.words)
        request_id = next(self._ids)
        try:
            data = frame(codec.encode(Request(request_id, codec.pack(body))))
        except (FramingError, OverflowError) as error:
            raise _protocol_problem(f"{type(body).__name__} cannot be sent", str(error)) from None
        waiting = _Waiting(asyncio.get_running_loop().create_future(), on_progress)
        self._waiting[request_id] = waiting
        self._link.write(data)
        try:
            outcome = await waiting.outcome
        except asyncio.CancelledError:
            if self.gone is None:
                self._link.write(frame(codec.encode(Cancel(request_id))))
            raise
        finally:
            self._waiting.pop(request_id, None)
        if isinstance(outcome, EngineGone):
            raise EngineGone(outcome.title, outcome.words)
        if isinstance(outcome, Failure):
            raise EngineProblem(outcome.problem)
        try:
            return codec.answer_body(outcome.body, answer)
        except codec.DecodeError as error:
            title = f"the engine's answer to {type(body).__name__} is no {answer.__name__}"
            raise _protocol_problem(title, str(error)) from None

    async def interrupt(self) -> None:
        """Raise KeyboardInterrupt in what the engine's main thread runs; raise as `request` does."""
        await self.request(Interrupt(), Done)

    def kill(self) -> None:
        """Kill the engine's whole process group at once; `on_gone` follows."""
        self._killed = True
        if self._link.child is not None:
            self._link.child.kill()
        else:
            self._link.close()

    async def close(self, grace: float = 1.0) -> None:
        """End the engine: by ending its input, and after `grace` seconds by force.  May be called twice."""
        self._closing = True
        self._link.end_input()
        try:
            await asyncio.wait({self._watching}, timeout=grace)
        finally:
            if not self._watching.done():
                self.kill()
        await asyncio.wait({self._watching}, timeout=DEAD)
        await asyncio.sleep(0)  # the transports close in the loop's next turn

    async def _read(self) -> None:
        count = 0
        try:
            while (payload := await read_frame(self._link.incoming)) is not None:
                if (pause := self._receive(payload)) is not None:
                    await pause
                count += 1
                if count % FAIRNESS == 0:
                    await asyncio.sleep(0)
        except CutError:
            return  # how the process ended says more
        except FramingError as error:
            self._spoilt = str(error)

    def _receive(self, payload: bytes) -> Pause:
        try:
            message = codec.from_engine(payload)
            if isinstance(message, Event):
                return self._call(self.on_event, codec.event_body(message.body))
        except codec.DecodeError as error:
            return self._keep_stderr(f"modulescope: a message of the engine was not understood: {error}\n")
        waiting = self._waiting.get(message.id)
        if waiting is None:  # cancelled meanwhile
            return None
        if isinstance(message, Progress):
            return self._call(waiting.on_progress, message) if waiting.on_progress is not None else None
        if not waiting.outcome.done():
            waiting.outcome.set_result(message)
        return None

    async def _read_stderr(self) -> None:
        if self._link.errors is None:
            return
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while data := await self._link.errors.read(2**16):
            if (pause := self._keep_stderr(decoder.decode(data))) is not None:
                await pause

    def _keep_stderr(self, text: str) -> Pause:
        first, *rest = text.split("\n")
        self._words[-1] = (self._words[-1] + first)[:LONGEST_LINE]
        self._words.extend(line[:LONGEST_LINE] for line in rest[-LAST_WORDS:])
        return self._call(self.on_stderr, text)

    def _call(self, callback: Callable[[T], Pause], value: T) -> Pause:
        """Call back; an error in the interface's own callback must not end the connection."""
        try:
            return callback(value)
        except Exception as error:
            context = {"message": f"{callback!r} failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            return None

    async def _watch(self) -> None:
        """Wait for the end of the engine's process or of its stream, and end every request with it."""
        child = self._link.child
        ends: set[asyncio.Future[None] | asyncio.Future[int]] = {self._reading}
        if child is not None:
            ends.add(child.ended)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        title = "the connection to the engine ended"
        if child is not None:
            if not self._spoilt:
                await asyncio.wait({child.ended}, timeout=DYING)
            left_itself = child.ended.done()
            child.kill()
            await asyncio.wait({child.ended}, timeout=DEAD)
            title = describe_end(child.ended.result()) if left_itself else "the engine closed its output and was ended"
        await asyncio.wait({self._reading, self._reading_stderr}, timeout=DYING)
        self._finish(title)

    def _finish(self, title: str) -> None:
        for task in (self._reading, self._reading_stderr):
            task.cancel()
        self._link.close()
        if self._spoilt:
            title = f"the engine's side does not speak modulescope's protocol: {self._spoilt}"
        if self._killed or self._closing:
            title = "the engine was ended"
        self.gone = EngineGone(title, self.words)
        for waiting in self._waiting.values():
            if not waiting.outcome.done():
                waiting.outcome.set_result(self.gone)
        if not self._closing:
            self._call(self.on_gone, self.gone)


def _protocol_problem(title: str, text: str) -> EngineProblem:
    return EngineProblem(Problem(kind="protocol", title=title, text=text))
