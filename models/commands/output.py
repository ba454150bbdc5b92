"""Where a command's result goes: standard output, kept for it alone."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from .copies import is_forked


class CommandOutput:
    """Standard output as it was when the command started.

    From then on whatever the user's code prints, from Python, from C++ or in a child process, goes to standard error.
    A reader that went away (`| head`) ends the result without a word; one that never was, and a disk that is full, are
    an OSError.
    """

    def __init__(self) -> None:
        self.closed = False
        """Nobody reads the result any more."""
        if not _is_open(2):
            _to_null(2, os.O_WRONLY)
        if sys.__stdout__ is None or not _is_open(1):  # closed when Python started, whatever has the number since
            raise OSError(errno.EBADF, "standard output is closed")
        _flush(sys.stdout)
        if isinstance(sys.stdout, io.TextIOWrapper):  # while it is still the file that it believes to be
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self.descriptor = os.dup(1)
        os.dup2(2, 1)
        self._stream = os.fdopen(self.descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False)

    @property
    def width(self) -> int | None:
        """Return the cells of a line of the terminal that the result goes to; None where that is none, or not known."""
        with contextlib.suppress(OSError):
            return os.get_terminal_size(self.descriptor).columns or None
        return None

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines of text, which must be safe for a terminal already."""
        self._write("".join(f"{line}\n" for line in lines))

    def json(self, report: dict[str, Any]) -> None:
        """Write one JSON object, `schema` first; of a list of objects each on a line of its own.

        Every character beyond ASCII and every control character is escaped.  JSON has no NaN and no infinity: they
        are the strings "NaN", "Infinity" and "-Infinity".  Nor has it halves of surrogate pairs, which a strict parser
        refuses: the byte of a file name that is no UTF-8 is the text `\\xff`, any other half the text `\\ud800`.
        """
        fields = ",\n".join(f" {_dumped(key)}: {_field(value)}" for key, value in {"schema": 1, **report}.items())
        self._write(f"{{\n{fields}\n}}\n")

    def _write(self, text: str) -> None:
        if self.closed or is_forked():
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self.closed = True
            _to_null(self.descriptor, os.O_WRONLY)  # what the stream still holds has to go somewhere when it is closed
            if not isinstance(error, BrokenPipeError):
                raise


def _field(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return "[\n" + ",\n".join(f"  {_dumped(each)}" for each in value) + "\n ]"
    return _dumped(value)


def _dumped(value: Any) -> str:
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: Any) -> Any:
    """Return `value` with numbers that JSON lacks as strings, and without halves of surrogate pairs."""
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub(_escaped, value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


_HALF = re.compile("[\ud800-\udfff]")


def _escaped(half: re.Match[str]) -> str:
    code = ord(half.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"  # as `surrogateescape` has it


def _flush(stream: Any) -> None:
    """Flush a stream that may be missing, closed, broken or of a class of the user's own."""
    with contextlib.suppress(Exception):
        stream.flush()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _to_null(descriptor: int, flags: int) -> None:
    nothing = os.open(os.devnull, flags)
    if nothing != descriptor:
        os.dup2(nothing, descriptor)
        os.close(nothing)
