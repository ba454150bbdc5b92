"""Capturing what the engine's process prints, which becomes events instead of spoiling the protocol.

Descriptor 1 becomes a pipe, which takes in C++ and child processes too; Python's `sys.stderr` joins it in order.
Descriptor 2 stays the process's real standard error: last words of crashes go there, and the interface reads it always.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

StreamName = Literal["stdout", "stderr"]
"""The stream that a text was printed to."""

TICK = 0.05
"""Seconds between two events: the interface redraws no faster."""
PIECE = 2**16
"""Characters of one event at most."""
ROOM = 4 * PIECE
"""Characters that wait to be emitted before `sys.stderr` blocks its writer, as a full pipe does for `sys.stdout`."""
PIPE = 2**17
"""Bytes of one read: more than a pipe holds, so that it takes all that was printed up to now."""


class Capture:
    """Takes over the process's standard streams when made; calls `emit(stream, text)` from `start` on."""

    def __init__(self, emit: Callable[[StreamName, str], None]) -> None:
        self._emit = emit
        self._lock = threading.RLock()  # a finalizer may print while this thread holds it
        self._room = threading.Condition(self._lock)
        self._waiting: list[tuple[StreamName, str]] = []
        self._size = 0
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self._pump: threading.Thread | None = None
        self._forked = False
        self._stopped = False
        self._closed = False
        os.register_at_fork(after_in_child=self._after_fork)
        self._wake_read, self._wake = os.pipe()
        self._pipe, printed = os.pipe()
        for descriptor in (self._pipe, self._wake_read, self._wake):
            os.set_blocking(descriptor, False)
        os.dup2(printed, 1)
        os.close(printed)
        self._stdout = sys.stdout
        if isinstance(self._stdout, io.TextIOWrapper):
            self._stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        sys.stderr = io.TextIOWrapper(
            _Stderr(self),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
            write_through=True,
        )

    def start(self) -> None:
        """Start to emit; until then what is printed waits."""
        self._pump = threading.Thread(target=self._run, name="engine output", daemon=True)
        self._pump.start()

    def stop(self) -> None:
        """Emit what waits and end the thread; to be called once the standard streams are restored."""
        self._stopped = True
        with contextlib.suppress(OSError):  # woken often enough; closed by the program
            os.write(self._wake, b"!")
        if self._pump is not None:
            self._pump.join()  # it sees the end within a tick
        with self._lock:
            self._room.notify_all()
            self._take()
            while self._waiting:
                self._emit_waiting()
            self._closed = True
            for descriptor in (self._pipe, self._wake_read, self._wake):
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    def settle(self, timeout: float = 0.2) -> None:
        """Emit everything printed before this call; give up after `timeout` seconds when the interface is too slow."""
        self._flush()
        if self._lock.acquire(timeout=timeout):
            try:
                self._take()
                while self._waiting:
                    self._emit_waiting()
            finally:
                self._lock.release()

    def feed(self, data: bytes) -> None:
        """Add UTF-8 `data` written to `sys.stderr`, after what is on its way from `sys.stdout`; wait for room."""
        if self._forked or self._stopped or threading.current_thread() is self._pump:
            os.write(2, data)  # no thread emits here, or any more, or it would wait for itself
            return
        self._flush()
        with self._lock:
            if self._closed:  # in this very moment
                os.write(2, data)
                return
            self._take()
            self._add("stderr", data)
            with contextlib.suppress(OSError):  # woken often enough; closed by the program
                os.write(self._wake, b"!")
            while self._size > ROOM and self._pump is not None and not self._stopped:
                self._room.wait()

    def _flush(self) -> None:
        with contextlib.suppress(RuntimeError, ValueError, OSError):  # printing from within a print; closed by someone
            self._stdout.flush()

    def _run(self) -> None:
        while not self._stopped:
            if not self._waiting:
                wait_readable(self._pipe, self._wake_read)
            with self._lock:
                with contextlib.suppress(OSError):
                    os.read(self._wake_read, PIPE)
                if self._size < PIECE:
                    self._take()
                self._emit_waiting()
                self._room.notify_all()
            time.sleep(TICK)

    def _take(self) -> None:
        """Read what the pipe holds now."""
        if self._closed:
            return
        with contextlib.suppress(OSError):  # nothing is there; or the program closed it
            self._add("stdout", os.read(self._pipe, PIPE))

    def _add(self, stream: StreamName, data: bytes) -> None:
        text = self._decoders[stream].decode(data)
        if not text:
            return
        self._size += len(text)
        if self._waiting and self._waiting[-1][0] == stream:
            text = self._waiting.pop()[1] + text
        self._waiting.append((stream, text))

    def _emit_waiting(self) -> None:
        """Emit what waits, at most `PIECE` characters."""
        room = PIECE
        while self._waiting and room:
            stream, text = self._waiting[0]
            piece, rest = text[:room], text[room:]
            if rest:
                self._waiting[0] = (stream, rest)
            else:
                del self._waiting[0]
            room -= len(piece)
            self._size -= len(piece)
            self._emit(stream, piece)

    def _after_fork(self) -> None:
        # The child has no pump and perhaps a lock that nobody will release; its descriptor 1 still reaches us.
        self._forked = True


def wait_readable(*descriptors: int) -> None:
    """Wait until one of the `descriptors` can be read; unlike `select`, whatever their numbers."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    poll.poll()


class _Stderr(io.RawIOBase):
    """The raw stream beneath Python's `sys.stderr`."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return 2, the real standard error: for child processes that are given this stream, and for faulthandler."""
        return 2

    def write(self, data: Any) -> int:
        """Feed the bytes to the capture and return how many there are: all."""
        taken = bytes(data)
        self._capture.feed(taken)
        return len(taken)
