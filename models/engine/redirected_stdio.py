"""Redirection of the standard streams of the user's process while the terminal shows the interface.

What is printed meanwhile, by Python, by C++ or by child processes, is emitted as in the engine's own process (see
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

from .capture import PIPE, Capture, StreamName, wait_readable

FIRST_FREE = 3
"""The first descriptor that is no standard stream."""
KEPT = 2**16
"""Characters printed after the interface was left that are kept, and printed once the streams are restored."""


class RedirectedStdio:
    """Redirects the standard streams when made, until `give_back`; calls `emit(stream, text)` with what is printed."""

    def __init__(self, emit: Callable[[StreamName, str], None]) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # closed, or a stand-in of the user's
                stream.flush()
        self._emit = emit
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._closed = False
        self._late: list[str] | None = None
        self._given_back = False
        self._own = {descriptor: _duplicate(descriptor) for descriptor in (0, 1, 2)}
        self._files = {descriptor: _file_of(own) for descriptor, own in self._own.items()}
        self._terminals = {descriptor: _terminal_of(own) for descriptor, own in self._own.items()}
        self._stdout, self._stderr = sys.stdout, sys.stderr
        self._encoding: tuple[str, str | None, bool] | None = None
        if isinstance(self._stdout, io.TextIOWrapper):
            self._encoding = self._stdout.encoding, self._stdout.errors, self._stdout.line_buffering
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor, own in self._own.items():
            if (
                descriptor == 0 or own is None
            ) and descriptor != nothing:  # one that is closed would be taken by a pipe
                os.dup2(nothing, descriptor)
        if nothing >= FIRST_FREE:
            os.close(nothing)
        self._capture = Capture(self._emit_or_keep)
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
        """Emit everything printed before this call; do nothing once the streams are given back."""
        self._take()
        self._capture.settle()

    def hold_output(self) -> None:
        """Emit nothing more: what is printed from now on is kept for the user's own standard output."""
        if self._late is None:
            self._late = []

    def give_back(self) -> None:
        """Restore the streams.  May be called more than once, from any thread."""
        with self._lock:
            if self._given_back:
                return
            self._given_back = True
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        for descriptor, own in self._own.items():
            with contextlib.suppress(OSError):  # a program that closed everything has none of this any more
                if own is None:
                    os.close(descriptor)
                elif _file_of(own) == self._files[descriptor]:
                    os.dup2(own, descriptor)
                    os.close(own)
                else:
                    _open_anew(descriptor, self._terminals[descriptor])
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
        if self._encoding is not None and isinstance(self._stdout, io.TextIOWrapper):
            encoding, errors, line_buffering = self._encoding
            with contextlib.suppress(ValueError):  # closed meanwhile
                self._stdout.reconfigure(encoding=encoding, errors=errors, line_buffering=line_buffering)
        if self._late:
            with contextlib.suppress(OSError):
                os.write(1, "".join(self._late).encode("utf-8", "backslashreplace"))

    def _emit_or_keep(self, stream: StreamName, text: str) -> None:
        if self._late is None:
            self._emit(stream, text)
        elif sum(map(len, self._late)) < KEPT:
            self._late.append(text[:KEPT])

    def _run(self) -> None:
        while not self._given_back and not self._closed:
            wait_readable(self._errors, self._wake_read)
            self._take()

    def _take(self) -> None:
        """Feed the capture what was written to descriptor 2."""
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


def _duplicate(descriptor: int) -> int | None:
    """Return a duplicate of a descriptor, not inherited; None for one that is closed."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    except OSError:
        return None


def _file_of(descriptor: int | None) -> tuple[int, int, int] | None:
    """Return device, inode and device number of the file behind a descriptor; None for one that is closed."""
    try:
        found = os.fstat(-1 if descriptor is None else descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev


def _terminal_of(descriptor: int | None) -> str:
    """Return the name of the terminal behind a descriptor; else of the one that controls this process."""
    try:
        return os.ttyname(-1 if descriptor is None else descriptor)
    except OSError:
        return os.ctermid()


def _open_anew(descriptor: int, name: str) -> None:
    """Open a terminal at a descriptor, or the null device where it is gone."""
    try:
        opened = os.open(name, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
    os.dup2(opened, descriptor)
    if opened >= FIRST_FREE:
        os.close(opened)
