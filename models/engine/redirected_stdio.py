"""The standard streams of somebody else's process, borrowed while the terminal shows the interface, and given back.

What is printed meanwhile, by Python, by C++ or by child processes, is told as the engine's own process tells it (see
`capture.py`); standard input is empty, so that nothing reads the keys that are meant for the interface.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import sys
import threading
from collections.abc import Callable

from .capture import PIPE, Capture, Stream, wait_readable

FIRST_FREE = 3
KEPT = 2**16
"""Characters printed after the interface was left that are printed again where they belong."""


class RedirectedStdio:
    """Takes the streams when made; `give_back` may be called more than once, from any thread."""

    def __init__(self, emit: Callable[[Stream, str], None]) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # closed, or a stand-in of the user's
                stream.flush()
        self._emit = emit
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._closed = False
        self._late: list[str] | None = None
        self._given_back = False
        self._own = {number: _kept(number) for number in (0, 1, 2)}
        self._files = {number: _file(own) for number, own in self._own.items()}
        self._names = {number: _name(own) for number, own in self._own.items()}
        self._stdout, self._stderr = sys.stdout, sys.stderr
        self._as_it_was: tuple[str, str | None, bool] | None = None
        if isinstance(self._stdout, io.TextIOWrapper):
            self._as_it_was = self._stdout.encoding, self._stdout.errors, self._stdout.line_buffering
        nothing = os.open(os.devnull, os.O_RDWR)
        for number, own in self._own.items():
            if (number == 0 or own is None) and number != nothing:  # one that is closed would be taken by a pipe
                os.dup2(nothing, number)
        if nothing >= FIRST_FREE:
            os.close(nothing)
        self._capture = Capture(self._told)
        self._lent_stderr = sys.stderr
        if not isinstance(self._stderr, io.TextIOWrapper):  # one that also writes a log, say: it ends at descriptor 2
            sys.stderr = self._stderr
        self._errors, printed = os.pipe()
        self._wake_read, self._wake = os.pipe()
        os.set_blocking(self._errors, False)
        os.dup2(printed, 2)
        os.close(printed)
        self._capture.start()
        self._pump = threading.Thread(target=self._run, name="engine errors", daemon=True)
        self._pump.start()

    def settle(self) -> None:
        """Tell everything printed before this call; nothing once the streams are given back."""
        self._take()
        self._capture.settle()

    def left(self) -> None:
        """Nobody is told any more: what is printed from now on is kept for the user's own standard output."""
        if self._late is None:
            self._late = []

    def give_back(self) -> None:
        """Put everything back as it was."""
        with self._lock:
            if self._given_back:
                return
            self._given_back = True
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        for number, own in self._own.items():
            with contextlib.suppress(OSError):  # a program that closed everything has none of this any more
                if own is None:
                    os.close(number)
                elif _file(own) == self._files[number]:
                    os.dup2(own, number)
                    os.close(own)
                else:
                    _open_anew(number, self._names[number])
        if sys.stderr is self._lent_stderr:
            sys.stderr = self._stderr
        with contextlib.suppress(OSError):
            os.write(self._wake, b"!")
        self._pump.join()
        self._take()  # what was printed before: nothing more can come
        self._capture.stop()
        with self._reading:
            self._closed = True
            for descriptor in (self._errors, self._wake_read, self._wake):
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        if self._as_it_was is not None and isinstance(self._stdout, io.TextIOWrapper):
            encoding, errors, line_buffering = self._as_it_was
            with contextlib.suppress(ValueError):  # closed meanwhile
                self._stdout.reconfigure(encoding=encoding, errors=errors, line_buffering=line_buffering)
        if self._late:
            with contextlib.suppress(OSError):
                os.write(1, "".join(self._late).encode("utf-8", "backslashreplace"))

    def _told(self, stream: Stream, text: str) -> None:
        if self._late is None:
            self._emit(stream, text)
        elif sum(map(len, self._late)) < KEPT:
            self._late.append(text[:KEPT])

    def _run(self) -> None:
        while not self._given_back and not self._closed:
            wait_readable(self._errors, self._wake_read)
            self._take()

    def _take(self) -> None:
        """Hand on what was written to descriptor 2."""
        with self._reading:
            if self._closed:
                return
            data = b""
            try:
                data = os.read(self._errors, PIPE)
            except BlockingIOError:
                pass
            except OSError:  # the program closed it
                self._closed = True
            if data:
                self._capture.feed(data)


def _kept(number: int) -> int | None:
    """A descriptor under another number, not inherited; None for one that is closed."""
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    except OSError:
        return None


def _file(descriptor: int | None) -> tuple[int, int, int] | None:
    """What a descriptor leads to; None for one that is closed."""
    try:
        found = os.fstat(-1 if descriptor is None else descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev


def _name(descriptor: int | None) -> str:
    """Of the terminal behind a descriptor; else of the one that this process has."""
    try:
        return os.ttyname(-1 if descriptor is None else descriptor)
    except OSError:
        return os.ctermid()


def _open_anew(number: int, name: str) -> None:
    """Have a terminal at a descriptor, or nothing where it is gone."""
    try:
        opened = os.open(name, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
    os.dup2(opened, number)
    if opened >= FIRST_FREE:
        os.close(opened)
