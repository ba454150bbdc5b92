"""The engine's side of the wall: reads requests, has them handled in their lanes, sends the answers.

Must not know processes or models: `process.py` runs it in a process of its own, `embedded.py` in the user's, a test in
a thread.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NoReturn

import msgspec

from .. import __version__
from ..messages import PROTOCOL, Body, Busy, Cancel, Done, Greeting, Hello, Interrupt, Problem, Request
from ..work.switch_interval import SHORT, SWITCH_INTERVAL
from . import codec
from .context import Context
from .framing import FrameReader, FramingError
from .interrupts import Interrupts
from .lanes import Job, Lane
from .problems import handler_problem
from .registry import HandlerEntry, LaneName, Registry
from .reply_writer import ReplyWriter


def _nothing() -> None:
    """Default of the optional callbacks."""


def _end_child() -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, replaced or None
            stream.flush()
    os._exit(0)


BESIDE: tuple[LaneName, ...] = ("query", "slow", "statistics", "background")
"""The lanes that work beside the main one."""


class EngineServer:
    """Answers the requests from `reader` through `writer` with the handlers of `registry`, which get `session`.

    `interrupts`: None where nothing can be interrupted, as in an engine inside another program's threads.
    `settle` is called before the answer of a job of the main lane, so that what the job printed is sent first.
    `on_end` is called in the reading thread when the input ends (with None) or is broken (with the error).  `around`
    makes the context manager within which each job of the main lane runs; its answer is sent afterwards.
    """

    def __init__(
        self,
        reader: FrameReader,
        writer: ReplyWriter,
        registry: Registry,
        session: Any,
        *,
        interrupts: Interrupts | None = None,
        settle: Callable[[], None] = _nothing,
        on_end: Callable[[FramingError | None], None] = lambda error: None,
        around: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._registry = registry
        self._session = session
        self._interrupts = interrupts
        self._settle = settle
        self._on_end = on_end
        self._around = around
        self._after_send = interrupts.raise_late if interrupts else _nothing
        self._process = os.getpid()
        self._jobs: dict[int, Job] = {}
        self._main = Lane(self._perform_main)
        self._lanes = {"main": self._main, **{name: Lane(self._perform) for name in BESIDE}}
        self._own = {
            Hello: HandlerEntry(self._greet, "now", lambda _: ""),
            Interrupt: HandlerEntry(self._interrupt, "now", lambda _: ""),
        }

    def run(self, text: str = "", first: Callable[[], None] = _nothing) -> None:
        """Serve until the input ends.  The calling thread is the main lane's.

        `first` is called there before the first job, and cannot be interrupted; `text` is the `Busy` event's
        meanwhile.  With an empty `text` it is not called.
        """
        threads = [self._lanes[name].start(f"engine {name}") for name in BESIDE]
        reading = threading.Thread(target=self._read, name="engine reader", daemon=True)
        reading.start()
        if text:
            self._writer.emit(Busy(text=text))
            first()
            self._writer.emit(Busy(text=""))
        self._main.work()
        for thread in [*threads, reading]:
            thread.join()

    def _read(self) -> None:
        error = None
        try:
            while (payload := self._reader.read()) is not None:
                self._receive(payload)
        except FramingError as spoilt:
            error = spoilt
        except Exception as broken:  # whatever it is: an engine that no longer listens must end
            error = FramingError(f"{type(broken).__name__}: {broken}")
        for job in list(self._jobs.values()):
            job.context.cancel()
        self._on_end(error)
        for lane in self._lanes.values():
            lane.stop()

    def _receive(self, payload: bytes) -> None:
        try:
            envelope = codec.from_interface(payload)
        except codec.DecodeError as error:
            self._log(f"a message that is none was skipped: {error}")
            return
        if isinstance(envelope, Cancel):
            if job := self._jobs.get(envelope.id):
                job.context.cancel()
            return
        try:
            self._dispatch(envelope)
        except codec.DecodeError as error:
            title = f"this engine (modulescope {__version__}) does not know the request"
            self._writer.fail(envelope.id, Problem(kind="protocol", title=title, text=str(error)))

    def _dispatch(self, envelope: Request) -> None:
        body = codec.request_body(envelope.body)
        entry = self._own.get(type(body)) or self._registry.find(type(body))
        if entry is None:
            raise msgspec.ValidationError(f"no handler for {type(body).__name__}")
        job = Job(envelope.id, body, entry, Context(envelope.id, self._writer, self._after_send))
        self._jobs[job.id] = job
        if entry.lane == "now":
            self._perform(job)
        else:
            self._lanes[entry.lane].put(job)

    def _perform(self, job: Job) -> None:
        if job.context.cancelled():
            self._jobs.pop(job.id, None)
        else:
            self._answer(job, self._call(job))

    def _perform_main(self, job: Job) -> None:
        if job.context.cancelled():
            self._jobs.pop(job.id, None)
            return
        with SWITCH_INTERVAL.wanted(SHORT), self._around():
            outcome = self._call_interruptible(job)
        if os.getpid() != self._process:  # the job forked, and this is the child: it has nobody to answer
            _end_child()
        self._settle()
        self._answer(job, outcome, Busy(text=""))

    def _call_interruptible(self, job: Job) -> Body | Problem:
        if self._interrupts is None:
            return self._call(job)
        try:
            return self._interrupts.run(job, lambda: self._call(job))
        except KeyboardInterrupt as interrupt:
            return handler_problem(interrupt)

    def _call(self, job: Job) -> Body | Problem:
        """Return the handler's answer, or the problem it raised: nothing may end a lane, not even `SystemExit`."""
        try:
            if job.entry.lane == "main":  # sent from within, so that the job can be interrupted from then on
                job.context.emit(Busy(text=job.entry.busy(job.body)))
            return job.entry.call(self._session, job.body, job.context)
        except BaseException as error:
            problem = handler_problem(error)
            if problem.kind == "engine" and not job.context.cancelled():
                self._log(f"{type(job.body).__name__} failed\n{''.join(traceback.format_exception(error))}")
            return problem

    def _answer(self, job: Job, outcome: Body | Problem, *events: Body) -> None:
        self._jobs.pop(job.id, None)  # before anyone can know that it is over: an interrupt must not mean it any more
        for event in events:
            self._writer.emit(event)
        if job.context.cancelled():
            return
        if isinstance(outcome, Problem):
            self._writer.fail(job.id, outcome)
        else:
            self._writer.reply(job.id, outcome)

    def _greet(self, session: Any, request: Hello, context: Context) -> Greeting:
        return Greeting(
            protocol=PROTOCOL,
            version=__version__,
            python=platform.python_version(),
            executable=sys.executable,
            host=socket.gethostname(),
            pid=os.getpid(),
        )

    def _interrupt(self, session: Any, request: Interrupt, context: Context) -> Done:
        return Done(text=self.interrupt())

    def interrupt(self) -> str:
        """Interrupt the oldest job of the main lane, which runs or is about to; return why not, or an empty text."""
        job = next((job for job in list(self._jobs.values()) if job.entry.lane == "main"), None)
        if job is None:
            return "nothing to interrupt"
        if self._interrupts is None:
            return "this engine cannot be interrupted"
        self._interrupts.interrupt(job)
        return ""

    def _log(self, text: str) -> None:
        """Print to the process's real standard error, which the interface keeps for its log."""
        stream = sys.__stderr__
        if stream is not None:
            print(f"modulescope engine: {text}", file=stream, flush=True)
