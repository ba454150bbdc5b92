"""Work in a child process, so that what hangs or crashes there still leads to a report and to an exit status.

The child imports torch and runs the model; this process only listens.  It is forked before torch is there, when there
is one thread.  What the child tells comes as one JSON array a line, each written at once: what was told before a crash
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

from .copies import begin_here, is_copy
from .descendants import adopt, children, kill_children
from .faults import tell_fault

Tell = Callable[..., None]
"""Tells the listening process something: a name and what belongs to it, as JSON takes it."""

TICK = 0.1
"""Seconds between two looks at the clock and the child."""
PIPE = 2**20
"""Bytes that may wait in the pipe, where its size can be set."""
REST = 0.02
"""Seconds between two looks into a pipe that is never empty: waking up for each call would slow the work down."""
SIGNALLED = 128
"""Exit status of a program ended by signal n, as shells tell it: this and n."""
GRACE = 2.0
"""Seconds that an interrupted child has to end by itself."""
AT_ONCE = 0.5
"""Seconds within which two interrupts count as one: a terminal sends Ctrl+C to both processes."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work ended."""

    how: Literal["done", "timeout", "interrupted", "crashed"]
    status: int = 0
    """Of `done` what the work returned; of `crashed` the exit status, or the negative number of the signal."""


def supervise(work: Callable[[Tell], int], hear: Callable[[str, list[Any]], None]) -> Ending:
    """Run `work` in a child process and call `hear` with everything that it tells, in order.

    `tell("clock", seconds)` sets how long the child may take from then on; None takes the limit off.
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
            return _Watch(child, readable, hear).until_it_ends()
    finally:
        os.close(readable)
        kill_children(but=others)


@contextlib.contextmanager
def _ended_together(child: int) -> Iterator[None]:
    """A signal that ends this process ends `child` first: not every system's kernel does that."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os._exit(SIGNALLED + number)

    numbers = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


class _Watch:
    def __init__(self, child: int, pipe: int, hear: Callable[[str, list[Any]], None]) -> None:
        self._child = child
        self._pipe = pipe
        self._hear = hear
        self._rest = b""
        self._deadline: float | None = None
        self._interrupts: list[float] = []
        self._done: int | None = None
        os.set_blocking(pipe, False)

    def until_it_ends(self) -> Ending:
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

    def _ending(self, status: int) -> Ending:
        while self._take(once=True):  # what it told last
            pass
        if self._done is not None:
            return Ending("done", self._done)
        return Ending("interrupted") if self._interrupts else Ending("crashed", status)

    def _kill(self, how: Literal["timeout", "interrupted"]) -> Ending:
        os.kill(self._child, signal.SIGKILL)
        self._reaped(wait=True)
        self._ending(0)
        return Ending("done", self._done) if self._done is not None else Ending(how)

    def _take(self, once: bool = False) -> bool:
        """Hear what is in the pipe; False when nothing is, or its other end is closed."""
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
                self._hear(name, values)
        return True

    def _reaped(self, wait: bool) -> int | None:
        """The child's exit status if it ended."""
        pid, status = os.waitpid(self._child, 0 if wait else os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        again = bool(self._interrupts) and now > self._interrupts[-1] + AT_ONCE
        self._interrupts.append(now)
        if again:
            self._interrupts[0] = now - GRACE  # the second time nobody wants to wait
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGINT)


def _work(work: Callable[[Tell], int], pipe: int, parent: int) -> NoReturn:
    """The child's whole life."""
    from ..engine.process import die_with, double_stack

    status = 1
    begin_here()

    def tell(name: str, *values: object) -> None:
        if is_copy():
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

        status = work(tell)
        tell("done", status)
    except KeyboardInterrupt:
        pass  # the other process knows, and reports
    except BaseException as error:
        status = tell_fault(error)
        with contextlib.suppress(Exception):
            tell("done", status)
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

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now > last + AT_ONCE:
            last = now
            raise KeyboardInterrupt

    return interrupt
