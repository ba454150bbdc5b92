"""Positioned reads of a file that may be huge, may be on a slow disk, and may change or vanish meanwhile."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from pathlib import Path

from .stored import Unreadable

MOST_OPEN = 32
"""Descriptors kept open at a time, over all files: a checkpoint may have thousands of shards."""


class DataFile:
    """A regular file, as it was when it was opened.  Usable from several threads.

    Raises OSError when it cannot be opened; the caller says why.
    """

    __slots__ = ("_descriptor", "_identity", "name", "path", "size")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        """For people, beside an offset."""
        self._descriptor = _Descriptor(path)
        with self._descriptor as number:
            found = os.fstat(number)
        self.size = found.st_size
        self._identity = _identity(found)

    def read(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes from `offset` on.

        Raises:
            Unreadable: the file is another one now, is gone, or the disk fails; the text says which.
        """
        if offset + size > self.size:  # before so many bytes are set aside: the numbers come from files
            raise Unreadable(f"{self.name} ends before byte {offset + size:,}: it has {self.size:,}")
        try:
            with self._descriptor as number:
                data = _read(number, offset, size)
                changed = (
                    _identity(os.fstat(number)) != self._identity
                )  # after the bytes came: then they are the old ones
        except FileNotFoundError:
            raise Unreadable(f"{self.name} is no longer there: it was moved or deleted") from None
        except OSError as error:
            raise Unreadable(f"{self.name} cannot be read: {error.strerror or error}") from None
        if changed or len(data) < size:
            raise Unreadable(f"{self.name} was changed since it was opened: press R to open it again")
        return data

    def close(self) -> None:
        """Give the descriptor back; a later read opens it again."""
        self._descriptor.close()


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _read(number: int, offset: int, size: int) -> bytes:
    data = os.pread(number, size, offset)
    if len(data) == size or not data:
        return data
    parts = [data]  # at most 2 GB come at a time
    got = len(data)
    while got < size:
        data = os.pread(number, size - got, offset + got)
        if not data:
            break
        parts.append(data)
        got += len(data)
    return b"".join(parts)


class _Descriptor:
    """A file's descriptor, opened when it is needed and closed when too many others are."""

    _open: OrderedDict[_Descriptor, None] = OrderedDict()
    _lock = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number: int | None = None
        self._users = 0

    def __enter__(self) -> int:
        with _Descriptor._lock:
            if self._number is None:
                # A FIFO would block for ever, and a device may do things when it is opened.
                number = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    os.close(number)
                    raise OSError(None, "it is no regular file")
                self._number = number
            self._users += 1
            _Descriptor._open[self] = None
            _Descriptor._open.move_to_end(self)
            return self._number

    def __exit__(self, *error: object) -> None:
        with _Descriptor._lock:
            self._users -= 1
            for other in list(_Descriptor._open)[: max(0, len(_Descriptor._open) - MOST_OPEN)]:
                other._shut()

    def close(self) -> None:
        with _Descriptor._lock:
            self._shut()

    def _shut(self) -> None:
        if not self._users and self._number is not None:
            os.close(self._number)
            self._number = None
            _Descriptor._open.pop(self, None)
