"""Reading a header from front to back: nothing is taken that is not there, and neither bytes nor work are unbounded."""

from __future__ import annotations

from struct import Struct
from typing import Any

from ...opened.source import SourceError
from ...stored.file import DataFile
from ..wording import shortened

HEADER_LIMIT = 512 << 20
"""Bytes of a header, at most.  A million tensors and a vocabulary of a million words take a quarter of it."""
WALK_LIMIT = 4_000_000
"""Things in a header that are looked at one by one, at most: entries, strings of an array, tensors."""

_AHEAD = 1 << 18
_LITTLE = 1 << 12
"""Bytes ahead that are too few to go on with."""
_LENGTH = Struct("<Q")


def quoted_name(name: str) -> str:
    """Return a name from a file for a message: in quotes, control characters escaped, at most 80 characters of it."""
    return repr(shortened(name, 80))


class Cursor:
    """A place in the header of a file, from the start of the file on; `position` is its offset in bytes."""

    __slots__ = ("_buffer", "_file", "_start", "_walked", "position")

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._buffer = b""
        self._start = 0
        self._walked = 0
        self.position = 0

    def walk(self, count: int, minimum: int) -> None:
        """Announce that `count` things follow, each of `least` bytes or more.

        Raises:
            SourceError: they are more than the file can hold, or all together more than `WALK_LIMIT`.
        """
        self._check(count * minimum)
        self._walked += count
        if self._walked > WALK_LIMIT:
            raise SourceError(
                f"{self._file.name} is not opened: its header lists {self._walked:,} things or more",
                f"At most {WALK_LIMIT:,} are read.",
            )

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes.

        Raises:
            SourceError: the file has fewer, or the header would be larger than `HEADER_LIMIT`.
        """
        start = self.position - self._start
        end = start + size
        if end > len(self._buffer):
            self._check(size)
            self._start, start, end = self.position, 0, size
            self._buffer = self._file.read(self._start, min(max(size, _AHEAD), self._file.size - self._start))
        self.position += size
        return self._buffer[start:end]

    def ahead(self) -> tuple[bytes, int]:
        """Return bytes that were read already, or are read now, and where in them the place is; see `passed`.

        They end where the file, or a header that is not too large, ends at the latest.
        """
        start = self.position - self._start
        if not 0 <= start <= len(self._buffer) - _LITTLE:
            self._start, start = self.position, 0
            size = min(_AHEAD, min(self._file.size, HEADER_LIMIT) - self._start)
            self._buffer = self._file.read(self._start, max(size, 0))
        return self._buffer, start

    def passed(self, at: int) -> None:
        """Move the place to `at` in the bytes that `ahead` returned."""
        self.position = self._start + at

    def skip(self, size: int) -> None:
        """Move the place `size` bytes on; raise SourceError as `take` does."""
        self._check(size)
        self.position += size

    def unpack(self, form: Struct) -> tuple[Any, ...]:
        """Return the next numbers, as `form` has them; raise SourceError as `take` does."""
        return form.unpack(self.take(form.size))

    def number(self, form: Struct) -> Any:
        """Return the next number, by a `form` with one; raise SourceError as `take` does."""
        return form.unpack(self.take(form.size))[0]

    def text(self, limit: int = HEADER_LIMIT) -> str:
        """Return the next string; of one longer than `most` bytes the start, and how long it is."""
        size = self.number(_LENGTH)
        if size <= limit:
            return self.take(size).decode("utf-8", "backslashreplace")
        start = self.take(limit).decode("utf-8", "backslashreplace")
        self.skip(size - limit)
        return f"{start}… ({size:,} bytes)"

    def skip_text(self) -> None:
        """Move the place beyond the next string."""
        self.skip(self.number(_LENGTH))

    def _check(self, size: int) -> None:
        missing = self.position + size - self._file.size
        if missing > 0:
            raise SourceError(
                f"{self._file.name} is damaged or cut short: its header needs {missing:,} bytes more than there are",
                "Get the file again.",
            )
        if self.position + size > HEADER_LIMIT:
            raise SourceError(
                f"{self._file.name} is not opened: its header claims to be larger than {HEADER_LIMIT >> 20} MB",
            )
