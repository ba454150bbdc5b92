"""What statements print and read: standard output by its descriptor, standard input apart from the statements."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import tempfile
from types import TracebackType
from typing import TextIO


class CapturedOutput:
    """Context within which standard output, of Python and of C++, goes to `descriptor`, or is kept as `text`.

    Descriptor 1 changes, `sys.stdout` stays the same object: code may have kept it.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.text = ""
        """What was printed within the last time; empty when it went to a descriptor."""
        self._file = None if descriptor is not None else tempfile.TemporaryFile()  # noqa: SIM115 - as long as this
        self._descriptor = descriptor if self._file is None else self._file.fileno()
        self._outside = -1

    def __enter__(self) -> None:
        self.text = ""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        _flush()
        self._outside = os.dup(1)
        assert self._descriptor is not None
        os.dup2(self._descriptor, 1)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        _flush()
        os.dup2(self._outside, 1)
        os.close(self._outside)
        if self._file is not None:
            self._file.seek(0)
            self.text = self._file.read().decode("utf-8", "backslashreplace")


def _flush() -> None:
    """Write out what Python and C hold back."""
    for stream in (sys.stdout, sys.__stdout__):
        with contextlib.suppress(Exception):  # closed, or of a class of the user's own
            stream.flush()  # type: ignore[union-attr]
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).fflush(None)


def own_input() -> TextIO:
    """Return standard input, taken away from everything else: `input()` and child processes find its end at once."""
    try:
        descriptor = os.dup(0)
    except OSError:
        descriptor = os.open(os.devnull, os.O_RDONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    if nothing != 0:
        os.dup2(nothing, 0)
        os.close(nothing)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process
    return os.fdopen(descriptor, encoding="utf-8-sig", errors="backslashreplace")
