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
from .capture import StreamName
from .framing import FrameReader, FramingError
from .handlers import registry
from .interrupts import Interrupts
from .outbox import Outbox
from .redirected_stdio import RedirectedStdio
from .reply_writer import ReplyWriter
from .server import EngineServer

KEPT = 2**20
"""Bytes that may wait to be sent before printed text is dropped: the program must not wait for the interface."""


def serve_embedded(read: int, write: int, source: Source, on_left: Callable[[], None]) -> None:
    """Serve `source` over two pipes, which are closed at the end, until the interface is gone.

    `read` and `write` are descriptors.  `on_left` is called once, in any thread, when the interface is gone: before the
    standard streams are restored, and before what still runs has ended.
    """
    outbox = Outbox(write)
    writer = ReplyWriter(outbox)
    emit_output = _Printed(outbox, writer)

    with contextlib.ExitStack() as stack:
        stack.callback(_close, write)
        stack.callback(outbox.close)
        stack.callback(_close, read)
        stack.enter_context(offered(source))
        interrupts = stack.enter_context(_signals())
        streams = RedirectedStdio(emit_output)
        stack.callback(streams.give_back)
        leave = _Once(on_left)
        stack.callback(leave)

        def emit(body: Body) -> None:
            writer.emit(body)
            if interrupts is not None:
                interrupts.raise_late()

        def ended(error: FramingError | None) -> None:
            streams.hold_output()
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
            FrameReader(read), writer, registry, session, interrupts=interrupts, settle=streams.settle, on_end=ended,
            around=session.code_runs,
        )  # fmt: skip
        server.run()


class _Printed:
    """Sends what the program prints; drops, and reports, what an interface that does not read leaves."""

    def __init__(self, outbox: Outbox, writer: ReplyWriter) -> None:
        self._outbox = outbox
        self._writer = writer
        self._lost = 0

    def __call__(self, stream: StreamName, text: str) -> None:
        if self._outbox.waiting() > KEPT:
            self._lost += len(text)
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            note = f"\n[modulescope: {lost:,} printed characters are not shown: the interface did not take them]\n"
            self._writer.emit(OutputText(stream="stderr", text=note))
        self._writer.emit(OutputText(stream=stream, text=text))


def _stop_looking() -> None:
    """Leave nothing of ours in torch's hooks."""
    from ..live.gradient_access import GRADIENTS

    GRADIENTS.close(timeout=2.0)


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
    """Have SIGINT interrupt what runs and SIGPIPE ignored within; restore both at the end.

    Gives None in another thread than the main one, where Python delivers no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGPIPE)}
    with _wakeups():
        try:
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            yield Interrupts()
        finally:
            for signum, handler in before.items():
                if handler is not None:  # None: installed by C code, which cannot be put back from here
                    signal.signal(signum, handler)


@contextlib.contextmanager
def _wakeups() -> Iterator[None]:
    """Hold back the signals that an event loop of the program's waits for, and pass them on afterwards, but for SIGINT:
    an interrupt here is no reason for the program to end."""
    before = signal.set_wakeup_fd(-1)
    if before == -1:
        yield
        return
    read_end, write_end = os.pipe()
    for descriptor in (read_end, write_end):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        with contextlib.suppress(ValueError, OSError):  # closed meanwhile; nothing came
            signal.set_wakeup_fd(before)
            os.write(before, os.read(read_end, 2**16).replace(bytes([signal.SIGINT]), b""))
        for descriptor in (read_end, write_end):
            _close(descriptor)


def _close(descriptor: int) -> None:
    """Close what the program may have closed itself, as a daemon closes all it finds open."""
    with contextlib.suppress(OSError):
        os.close(descriptor)
