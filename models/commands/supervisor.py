"""Work in a child process, so that what hangs or crashes there still leads to a report and to an exit status.

The child imports torch and runs the model; this process only listens.  It is forked before torch is there, when there
is one thread.  What the child sends comes as one JSON array a line, each written at once: what was sent before a crash
is known, and a loop in C++ that never lets go of Python's lock is stopped like any other.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal, NoReturn

from .copies import begin_here, is_forked
from .descendants import adopt, children, kill_children
from .faults import report_fault

Send = Callable[..., None]
"""Sends the listening process a message: a name and what belongs to it, as JSON takes it."""

TICK = 0.1
"""Seconds between two looks at the clock and the child."""
PIPE = 2**20
"""Bytes that may wait in the pipe, where its size can be set."""
REST = 0.02
"""Seconds between two looks into a pipe that is never empty: waking up for each call would slow the work down."""
SIGNALLED = 128
"""Exit status of a program ended by signal n, as shells report it: this and n."""
GRACE = 2.0
"""Seconds that an interrupted child has to end by itself."""
AT_ONCE = 0.5
"""Seconds within which two interrupts count as one: a terminal sends Ctrl+C to both processes."""


@dataclass(frozen=True, slots=True)
class WorkEnd:
    """How the work of a child process ended."""

    how: Literal["done", "timeout", "interrupted", "crashed"]
    status: int = 0
    """Of `done` what the work returned; of `crashed` the exit status, or the negative number of the signal."""


def supervise(work: Callable[[Send], int], receive: Callable[[str, list[Any]], None]) -> WorkEnd:
    """Run `work` in a child process, call `receive` with everything that it sends, in order, and return how it ended.

    `work` gets a function to send with and returns an exit status.  `send("clock", seconds)` sets how long the child
    may take from then on, None for as long as it wants; the clock is not passed on to `receive`.
    """
    readable, writable = os.pipe()
    with contextlib.suppress(AttributeError, OSError):  # Linux only, and not beyond its limit
        fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, PIPE)
    parent = os.getpid()
    adopt()
    others = children()
    _flush()
    child = os.fork()
    if child == 0:
        os.close(readable)
        _work(work, writable, parent)
    os.close(writable)
    try:
        with _ended_together(child):
            return _Watch(child, readable, receive).until_it_ends()
    finally:
        os.close(readable)
        kill_children(but=others)


@contextlib.contextmanager
def _ended_together(child: int) -> Iterator[None]:
    """End `child` before a signal ends this process: not every system's kernel does that."""

    def end(signum: int, frame: FrameType | None) -> NoReturn:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os._exit(SIGNALLED + signum)

    ending = [signum for signum in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(signum) is signal.SIG_DFL]
    for signum in ending:
        signal.signal(signum, end)
    try:
        yield
    finally:
        for signum in ending:
            signal.signal(signum, signal.SIG_DFL)


class _Watch:
    def __init__(self, child: int, pipe: int, receive: Callable[[str, list[Any]], None]) -> None:
        self._child = child
        self._pipe = pipe
        self._receive = receive
        self._rest = b""
        self._deadline: float | None = None
        self._interrupts: list[float] = []
        self._done: int | None = None
        os.set_blocking(pipe, False)

    def until_it_ends(self) -> WorkEnd:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._on_interrupt)
        look = select.poll()  # unlike `select` for descriptors of any number
        look.register(self._pipe, select.POLLIN)
        while True:
            ready = bool(look.poll(TICK * 1000))
            ended = ready and not self._take()
            status = self._reaped(wait=ended)
            if status is not None:
                return self._ending(status)
            if ready and self._done is None:
                time.sleep(REST)
            now = time.monotonic()
            if self._deadline is not None and now > self._deadline:
                return self._kill("timeout")
            if self._interrupts and now > self._interrupts[0] + GRACE:
                return self._kill("interrupted")

    def _ending(self, status: int) -> WorkEnd:
        while self._take(once=True):  # what it sent last
            pass
        if self._done is not None:
            return WorkEnd("done", self._done)
        return WorkEnd("interrupted") if self._interrupts else WorkEnd("crashed", status)

    def _kill(self, how: Literal["timeout", "interrupted"]) -> WorkEnd:
        os.kill(self._child, signal.SIGKILL)
        self._reaped(wait=True)
        self._ending(0)
        return WorkEnd("done", self._done) if self._done is not None else WorkEnd(how)

    def _take(self, once: bool = False) -> bool:
        """Take in what is in the pipe; return False when nothing is, or its other end is closed."""
        try:
            data = os.read(self._pipe, PIPE)
        except BlockingIOError:
            return not once
        if not data:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, *values = json.loads(line)
            if name == "clock":
                self._deadline = None if values[0] is None else time.monotonic() + values[0]
            elif name == "done":
                self._done = values[0]
                self._deadline = time.monotonic() + GRACE
            else:
                self._receive(name, values)
        return True

    def _reaped(self, wait: bool) -> int | None:
        """Return the child's exit status, negative for a signal; None while it runs."""
        pid, status = os.waitpid(self._child, 0 if wait else os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _on_interrupt(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        again = bool(self._interrupts) and now > self._interrupts[-1] + AT_ONCE
        self._interrupts.append(now)
        if again:
            self._interrupts[0] = now - GRACE  # the second time nobody wants to wait
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGINT)


def _work(work: Callable[[Send], int], pipe: int, parent: int) -> NoReturn:
    """Live the child's whole life."""
    from ..engine.process import die_with, double_stack

    status = 1
    begin_here()

    def send(name: str, *values: object) -> None:
        if is_forked():
            return
        data = memoryview(json.dumps([name, *values]).encode() + b"\n")
        while data:
            data = data[os.write(pipe, data) :]

    try:
        die_with(parent)
        double_stack()
        faulthandler.enable(2, all_threads=False)  # the line that crashed, on standard error
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, _once_at_a_time())

        status = work(send)
        send("done", status)
    except KeyboardInterrupt:
        pass  # the other process knows, and reports
    except BaseException as error:
        status = report_fault(error)
        with contextlib.suppress(Exception):
            send("done", status)
    finally:
        # Nothing of the user's runs any more: torch may abort at exit, a thread of theirs may never end.
        _flush()
        os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):  # of the user's own: nothing of it may keep the child from its end
            stream.flush()


def _once_at_a_time() -> Callable[[int, FrameType | None], None]:
    last = -AT_ONCE

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now > last + AT_ONCE:
            last = now
            raise KeyboardInterrupt

    return interrupt


def crash(status: int) -> tuple[str, str]:
    """Return type and message of the error that a process stands for which ended within the model's code.

    Args:
        status: the exit status, or the negative number of the signal.
    """
    if status >= 0:
        return "SystemExit", f"the model's code ended the process with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    description = signal.strsignal(-status)
    return name, f"the model's code was ended by {name}" + (f" ({description})" if description else "")
