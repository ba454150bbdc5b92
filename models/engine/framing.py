"""Frames: a 4-byte big-endian length and that many bytes, read and written without knowing what is in them.

Never lines: a reply may hold any byte, and `StreamReader.readline` fails on long ones.
"""

from __future__ import annotations

import os
import struct
import threading

from ..messages.limits import LONGEST_FRAME

LIMIT = LONGEST_FRAME
"""Bytes of one payload; a longer one is an error or not our protocol."""

HEADER = struct.Struct(">I")
"""Length of the payload in bytes: unsigned 32-bit, big-endian."""


class FramingError(Exception):
    """Raised where a stream does not hold frames of ours.  Nothing after that can be read."""


class CutError(FramingError):
    """Raised where a stream ends within a frame: its writer died, most likely."""


def frame(payload: bytes) -> bytes:
    """Return `payload` with its length in front.

    Raises:
        FramingError: it is longer than `LIMIT`.
    """
    if len(payload) > LIMIT:
        raise FramingError(f"a message of {len(payload):,} bytes is over the limit of {LIMIT:,}")
    return HEADER.pack(len(payload)) + payload


def payload_size(header: bytes) -> int:
    """Return the payload's length in bytes that a header announces.

    Raises:
        FramingError: it is over `LIMIT`, as text read for a length always is.
    """
    size: int = HEADER.unpack(header)[0]
    if size > LIMIT:
        raise FramingError(f"expected the length of a message, got the bytes {header!r}")
    return size


def cut_error(got: int, size: int) -> CutError:
    """Return the error for a stream that ended after `got` of `size` bytes."""
    return CutError(f"the stream ended within a message: {got:,} of {size:,} bytes came")


class FrameReader:
    """Blocking reader of frames from a file descriptor, for one thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self) -> bytes | None:
        """Return the payload of the next frame; None at the end of the stream.

        Raises:
            CutError: the stream ends within a frame.
            FramingError: the stream announces a payload over `LIMIT`.
        """
        header = self._read_up_to(HEADER.size)
        if not header:
            return None
        if len(header) < HEADER.size:
            raise cut_error(len(header), HEADER.size)
        size = payload_size(header)
        payload = self._read_up_to(size)
        if len(payload) < size:
            raise cut_error(len(payload), size)
        return payload

    def _read_up_to(self, size: int) -> bytes:
        """Return `size` bytes, fewer only when the stream ended."""
        parts: list[bytes] = []
        while size:
            part = os.read(self._descriptor, min(size, 2**20))
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class FrameWriter:
    """Blocking writer of frames to a file descriptor, for any thread: frames never mix."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._process = os.getpid()

    def write(self, payload: bytes) -> None:
        """Write one frame whole; do nothing in a forked child, which has the descriptor but not the conversation.

        Raises:
            FramingError: `payload` is longer than `LIMIT`; nothing was written.
            OSError: the other side is gone.
        """
        if os.getpid() != self._process:
            return
        rest = memoryview(frame(payload))
        with self._lock:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
