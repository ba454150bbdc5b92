"""Reading a header from front to back: nothing is taken that is not there, and neither bytes nor work are unbounded."""

from __future__ import annotations

from struct import Struct
from typing import Any

from ...opened.source import SourceError
from ...stored.file import DataFile
from ..wording import shortened

MOST_HEADER = 512 << 20
"""Bytes of a header.  A million tensors and a vocabulary of a million words take a quarter of it."""
MOST_WALKED = 4_000_000
"""Things in a header that are looked at one by one: entries, strings of an array, tensors."""

_AHEAD = 1 << 18
_LITTLE = 1 << 12
"""Bytes ahead that are too few to go on with."""
_LENGTH = Struct("<Q")


def quoted(name: str) -> str:
    """A name from a file for a message: in quotes, control characters escaped, its middle left out if it is long."""
    return repr(shortened(name, 80))


class Cursor:
    """A place in a file, from its start on."""

    __slots__ = ("_buffer", "_file", "_start", "_walked", "position")

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._buffer = b""
        self._start = 0
        self._walked = 0
        self.position = 0

    def walk(self, count: int, least: int) -> None:
        """Announce that `count` things follow, each of `least` bytes or more.

        Raises:
            SourceError: they are more than the file can hold, or than anybody looks at.
        """
        self._check(count * least)
        self._walked += count
        if self._walked > MOST_WALKED:
            raise SourceError(
                f"{self._file.name} is not opened: its header lists {self._walked:,} things or more",
                f"At most {MOST_WALKED:,} are read.",
            )

    def take(self, size: int) -> bytes:
        """The next `size` bytes; raises SourceError when the file has fewer."""
        start = self.position - self._start
        end = start + size
        if end > len(self._buffer):
            self._check(size)
            self._start, start, end = self.position, 0, size
            self._buffer = self._file.read(self._start, min(max(size, _AHEAD), self._file.size - self._start))
        self.position += size
        return self._buffer[start:end]

    def ahead(self) -> tuple[bytes, int]:
        """Bytes that are read already, or read now, and where in them the place is; see `passed`.

        They end where the file, or a header that is not too large, ends at the latest.
        """
        start = self.position - self._start
        if not 0 <= start <= len(self._buffer) - _LITTLE:
            self._start, start = self.position, 0
            size = min(_AHEAD, min(self._file.size, MOST_HEADER) - self._start)
            self._buffer = self._file.read(self._start, max(size, 0))
        return self._buffer, start

    def passed(self, at: int) -> None:
        """Go on from `at` in the bytes that `ahead` gave."""
        self.position = self._start + at

    def skip(self, size: int) -> None:
        """Pass over `size` bytes; raises SourceError when the file has fewer."""
        self._check(size)
        self.position += size

    def unpack(self, form: Struct) -> tuple[Any, ...]:
        """The next numbers."""
        return form.unpack(self.take(form.size))

    def number(self, form: Struct) -> Any:
        """The next number, of a format with one."""
        return form.unpack(self.take(form.size))[0]

    def text(self, most: int = MOST_HEADER) -> str:
        """The next string; of one longer than `most` bytes the start, and how long it is."""
        size = self.number(_LENGTH)
        if size <= most:
            return self.take(size).decode("utf-8", "backslashreplace")
        start = self.take(most).decode("utf-8", "backslashreplace")
        self.skip(size - most)
        return f"{start}… ({size:,} bytes)"

    def skip_text(self) -> None:
        """Pass over the next string."""
        self.skip(self.number(_LENGTH))

    def _check(self, size: int) -> None:
        missing = self.position + size - self._file.size
        if missing > 0:
            raise SourceError(
                f"{self._file.name} is damaged or cut short: its header needs {missing:,} bytes more than there are",
                "Get the file again.",
            )
        if self.position + size > MOST_HEADER:
            raise SourceError(
                f"{self._file.name} is not opened: its header claims to be larger than {MOST_HEADER >> 20} MB",
            )
