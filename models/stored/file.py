"""Positioned reads of a file of any size, which may change or vanish after it was opened."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..tensors.readable import Unreadable

AnyBytes = TypeVar("AnyBytes", bytes, memoryview)
OPEN_LIMIT = 32
"""File descriptors kept open at a time, over all files: a checkpoint may have thousands of shards."""


class DataFile:
    """A regular file, read by position as it was when it was opened.  Safe to use from several threads."""

    __slots__ = ("_descriptor", "_identity", "name", "path", "size")

    def __init__(self, path: Path) -> None:
        """Open the file and remember its size and modification time.

        Raises:
            OSError: it cannot be opened, or is no regular file.
        """
        self.path = path
        self.name = path.name
        """The last part of the path, to be shown beside an offset."""
        self._descriptor = _Descriptor(path)
        with self._descriptor as descriptor:
            status = os.fstat(descriptor)
        self.size = status.st_size
        self._identity = _identity(status)

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from byte `offset` on.

        Raises:
            Unreadable: the file ends before, was changed or deleted since it was opened, or the disk fails.
        """
        return self._read(offset, size, lambda descriptor: _read(descriptor, offset, size))

    def read_into(self, offset: int, room: memoryview) -> None:
        """Read the bytes from byte `offset` on into `room`, all of it; raises as `read`, `room` is then of no use."""
        self._read(offset, len(room), lambda descriptor: _read_into(descriptor, offset, room))

    def _read(self, offset: int, size: int, get: Callable[[int], AnyBytes]) -> AnyBytes:
        if offset + size > self.size:  # before so many bytes are set aside: the numbers come from files
            raise Unreadable(f"{self.name} ends before byte {offset + size:,}: it has {self.size:,}")
        try:
            with self._descriptor as descriptor:
                data = get(descriptor)
                changed = (
                    _identity(os.fstat(descriptor)) != self._identity
                )  # after the bytes came: then they are the old ones
        except FileNotFoundError:
            raise Unreadable(f"{self.name} is no longer there: it was moved or deleted") from None
        except OSError as error:
            raise Unreadable(f"{self.name} cannot be read: {error.strerror or error}") from None
        if changed or len(data) < size:
            raise Unreadable(f"{self.name} was changed since it was opened: press R to open it again")
        return data

    def close(self) -> None:
        """Close the file descriptor; a later read opens it again."""
        self._descriptor.close()


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _read(descriptor: int, offset: int, size: int) -> bytes:
    data = os.pread(descriptor, size, offset)
    if len(data) == size or not data:
        return data
    parts = [data]  # at most 2 GB come at a time
    got = len(data)
    while got < size:
        data = os.pread(descriptor, size - got, offset + got)
        if not data:
            break
        parts.append(data)
        got += len(data)
    return b"".join(parts)


def _read_into(descriptor: int, offset: int, room: memoryview) -> memoryview:
    """Return the part of `room` that was filled: less than all at the end of the file."""
    if not hasattr(os, "preadv"):  # macOS before 11
        data = _read(descriptor, offset, len(room))
        room[: len(data)] = data
        return room[: len(data)]
    got = 0
    while got < len(room) and (fresh := os.preadv(descriptor, [room[got:]], offset + got)):
        got += fresh
    return room[:got]


class _Descriptor:
    """A file descriptor, opened when it is needed and closed when too many others are open."""

    _open: OrderedDict[_Descriptor, None] = OrderedDict()
    _lock = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._users = 0

    def __enter__(self) -> int:
        with _Descriptor._lock:
            if self._descriptor is None:
                # A FIFO would block for ever, and a device may do things when it is opened.
                descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    os.close(descriptor)
                    raise OSError(None, "it is no regular file")
                self._descriptor = descriptor
            self._users += 1
            _Descriptor._open[self] = None
            _Descriptor._open.move_to_end(self)
            return self._descriptor

    def __exit__(self, *error: object) -> None:
        with _Descriptor._lock:
            self._users -= 1
            if len(_Descriptor._open) > OPEN_LIMIT:
                for other in list(_Descriptor._open)[: len(_Descriptor._open) - OPEN_LIMIT]:
                    other._shut()

    def close(self) -> None:
        with _Descriptor._lock:
            self._shut()

    def _shut(self) -> None:
        if not self._users and self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            _Descriptor._open.pop(self, None)
