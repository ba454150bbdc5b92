"""The engine inside the user's own process: what `explore(net)` serves while the interface has the terminal.

The interface is a process of its own here too, started by `tui/exploring.py`, and speaks with this one over two pipes.
So none of it comes into the user's process: no event loop (theirs may be running), no Textual, no packages of our
names in the way of theirs, and a crash of the interface costs them nothing.

The main lane is the thread that called `explore`, which waits for its end anyway: what runs there sees the user's
grad mode, autocast, devices and signal handlers, and Ctrl+C in the interface interrupts it as in a process of its own.
In another thread than the main one Python delivers no signals, and what runs there cannot be interrupted.

Must not end the process, whatever happens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

from ..messages import Body, OutputText
from ..opened.source import Source
from ..session.session import Session
from ..sources.importing import forget
from ..sources.live_object import offered
from .capture import Stream
from .framing import FrameReader, FramingError
from .handlers import registry
from .interrupts import Interrupts
from .outbox import Outbox
from .redirected_stdio import RedirectedStdio
from .reply_writer import ReplyWriter
from .server import EngineServer

KEPT = 2**20
"""Bytes that may wait for the interface before what is printed is dropped: the program must not wait for it."""


def serve(read: int, write: int, source: Source, on_left: Callable[[], None]) -> None:
    """Serve `source` over two pipes, which are closed at the end, until the interface is gone.

    `on_left` is called once, in any thread, when it is: before the standard streams are given back, and before what
    still runs has ended.
    """
    outbox = Outbox(write)
    outlet = ReplyWriter(outbox)
    tell = _Printed(outbox, outlet)

    with contextlib.ExitStack() as stack:
        stack.callback(_close, write)
        stack.callback(outbox.close)
        stack.callback(_close, read)
        stack.enter_context(offered(source))
        interrupts = stack.enter_context(_signals())
        streams = RedirectedStdio(tell)
        stack.callback(streams.give_back)
        leave = _Once(on_left)
        stack.callback(leave)

        def emit(body: Body) -> None:
            outlet.emit(body)
            if interrupts is not None:
                interrupts.raise_late()

        def ended(error: FramingError | None) -> None:
            streams.left()
            if interrupts is not None:
                interrupts.every = True
            server.interrupt()
            leave()
            streams.give_back()

        session = Session(emit)  # type: ignore[arg-type]
        stack.callback(_stop_looking)
        stack.callback(forget)
        stack.callback(session.close)
        server = EngineServer(
            FrameReader(read), outlet, registry, session, interrupts=interrupts, settle=streams.settle, on_end=ended,
            around=session.code_runs,
        )  # fmt: skip
        server.run()


class _Printed:
    """Hands on what the program prints; what an interface that stands still does not take is not kept, and told."""

    def __init__(self, outbox: Outbox, outlet: ReplyWriter) -> None:
        self._outbox = outbox
        self._outlet = outlet
        self._lost = 0

    def __call__(self, stream: Stream, text: str) -> None:
        if self._outbox.waiting() > KEPT:
            self._lost += len(text)
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            note = f"\n[modulescope: {lost:,} printed characters are not shown: the interface did not take them]\n"
            self._outlet.emit(OutputText(stream="stderr", text=note))
        self._outlet.emit(OutputText(stream=stream, text=text))


def _stop_looking() -> None:
    """Nothing of ours stays in torch's hooks."""
    from ..live.gradient_access import GRADIENTS

    GRADIENTS.close(patience=2.0)


class _Once:
    """Calls a function the first time only; whoever comes second waits until it is done."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._done = False

    def __call__(self) -> None:
        with self._lock:
            if not self._done:
                self._done = True
                self._call()


@contextlib.contextmanager
def _signals() -> Iterator[Interrupts | None]:
    """SIGINT interrupts what runs, and writing to an interface that is gone is no reason to die; both as before
    afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGPIPE)}
    with _wakeups():
        try:
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            yield Interrupts()
        finally:
            for number, handler in before.items():
                if handler is not None:  # None: installed by C code, which cannot be put back from here
                    signal.signal(number, handler)


@contextlib.contextmanager
def _wakeups() -> Iterator[None]:
    """An event loop of the program's that waits for this hears afterwards of every signal that came, but SIGINT: an
    interrupt here is no reason for the program to end."""
    before = signal.set_wakeup_fd(-1)
    if before == -1:
        yield
        return
    came, tell = os.pipe()
    for descriptor in (came, tell):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        with contextlib.suppress(ValueError, OSError):  # closed meanwhile; nothing came
            signal.set_wakeup_fd(before)
            os.write(before, os.read(came, 2**16).replace(bytes([signal.SIGINT]), b""))
        for descriptor in (came, tell):
            _close(descriptor)


def _close(descriptor: int) -> None:
    """Close what the program may have closed itself, as a daemon closes all it finds open."""
    with contextlib.suppress(OSError):
        os.close(descriptor)
