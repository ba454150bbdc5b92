"""The queue of frames to be sent, so that no sender has to wait for a reader that stands still.

As long as there is room in the pipe, the sender's thread writes.  What does not fit waits for a thread that is started
only then.  While much waits, events that a later one outdates are dropped for it.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Hashable

from .framing import frame

PIECE = select.PIPE_BUF
"""Bytes that a pipe takes at once when it has room at all (POSIX `PIPE_BUF`)."""
WAITING_LIMIT = 64
"""Frames that may wait before outdated ones are dropped."""
LEFT = 1.0
"""Seconds to wait for room in the pipe, and for the thread at the end: nobody may read any more."""


class Outbox:
    """Writes frames to a descriptor in order, from any thread, and never waits.

    `write` raises as `FrameWriter.write` does, but for the other side being gone: then everything is dropped.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._waiting: list[tuple[Hashable, memoryview]] = []
        """The first may be written in part."""
        self._thread: threading.Thread | None = None
        self._begun = False
        """Whether a part of the first is written."""
        self._closed = False

    def write(self, payload: bytes, slot: Hashable = None) -> None:
        """Send one frame whole.  One that waits in the same `slot` may be dropped for it; with None, none is.

        Raises:
            FramingError: `payload` is longer than the limit; nothing was written.
        """
        if os.getpid() != self._process:
            return  # a forked child has the descriptor but not the conversation
        data = memoryview(frame(payload))
        with self._lock:
            if self._closed:
                return
            if not self._waiting:
                data = self._write_now(data)
                if not data:
                    return
                self._begun = len(data) < len(payload) + 4
            elif slot is not None and len(self._waiting) > WAITING_LIMIT:
                self._drop(slot)
            self._waiting.append((slot, data))
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="engine writer", daemon=True)
                with contextlib.suppress(RuntimeError):  # there can be no more threads: whoever sends next tries again
                    thread.start()
                    self._thread = thread

    def waiting(self) -> int:
        """Return the number of bytes that are not written yet."""
        return sum(len(data) for _, data in list(self._waiting))

    def wait_for_room(self, limit: int) -> None:
        """Wait until at most `limit` bytes are not written yet: for a thread of ours that may wait."""
        with self._room:
            self._room.wait_for(lambda: self.waiting() <= limit)

    def close(self) -> None:
        """Drop what waits; the descriptor may be closed then."""
        with self._lock:
            self._closed = True
            del self._waiting[:]
            self._room.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(LEFT)

    def _write_now(self, data: memoryview) -> memoryview:
        """Write as much as fits without waiting; return the rest."""
        while data and _has_room(self._descriptor, 0):
            try:
                data = data[os.write(self._descriptor, data[:PIECE]) :]
            except OSError:  # the other side is gone
                self._closed = True
                return data[:0]
        return data

    def _drop(self, slot: Hashable) -> None:
        first = 1 if self._begun else 0
        for index in range(len(self._waiting) - 1, first - 1, -1):
            if self._waiting[index][0] == slot:
                del self._waiting[index]

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
            if not _has_room(self._descriptor, LEFT):
                continue
            with self._lock:
                if not self._waiting:
                    continue
                slot, data = self._waiting[0]
                rest = self._write_now(data)
                self._begun = bool(rest) and (self._begun or len(rest) < len(data))
                if self._closed:
                    del self._waiting[:]
                elif rest:
                    self._waiting[0] = slot, rest
                else:
                    del self._waiting[0]
                self._room.notify_all()


def _has_room(descriptor: int, seconds: float) -> bool:
    """Return whether a piece can be written, or writing would fail, within so many seconds."""
    poll = select.poll()
    with contextlib.suppress(OSError):
        poll.register(descriptor, select.POLLOUT)
        return bool(poll.poll(seconds * 1000))
    return True
