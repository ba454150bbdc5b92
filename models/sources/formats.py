"""What a format of files offers, and the frame in which a reader opens a file.

A format is a file or package beside this one that offers a `FORMAT`, made by `file_format` where it is one of single
files, and a line in the list in `files.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..opened.source import OpenOptions, Source, SourceError
from ..stored.checkpoint import Checkpoint
from ..stored.file import DataFile
from ..tensors.readable import Unreadable
from .wording import shortened

HEAD = 4096
"""Bytes from the start of a file by which its format is recognised."""
CANNOT_READ = "{} cannot be read"
"""What a file is said to be that cannot be opened; `{}` is its name."""


@dataclass(frozen=True, slots=True)
class PathInfo:
    """A file or folder that is there and may be read."""

    path: Path
    text: str
    """As the user wrote it."""
    head: bytes
    """The first `HEAD` bytes of a file; empty for a folder."""
    size: int
    """Bytes of a file; 0 for a folder."""
    names: frozenset[str]
    """The names in a folder; empty for a file."""
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Format:
    """One sort of file or folder."""

    name: str
    """What it is for users: `a safetensors file`."""
    recognises: Callable[[PathInfo], bool]
    """Return whether it is of this sort, whole or broken, from what `PathInfo` holds and a few more bytes at most."""
    open: Callable[[PathInfo, OpenOptions], Source]
    """Open it; raise SourceError, also for one that is broken."""


Explain = Callable[[DataFile, Exception], SourceError | None]
"""Return the refusal of a file for an exception of the reader's own; None for any other exception."""


def explain_nothing(file: DataFile, error: Exception) -> SourceError | None:
    """Return None: the reader has no exceptions of its own."""
    return None


def file_format(
    name: str,
    recognises: Callable[[PathInfo], bool],
    parse: Callable[[DataFile], Checkpoint],
    explain: Explain = explain_nothing,
) -> Format:
    """Return the format of single files whose checkpoint `parse` makes, its exceptions said by `explain`."""

    def open_one(found: PathInfo, how: OpenOptions) -> Source:
        with opened_file(found.path, explain) as file:
            return checkpoint_source(found, parse(file))

    return Format(name, recognises, open_one)


@contextmanager
def opened_file(path: Path, explain: Explain = explain_nothing, failure: str = CANNOT_READ) -> Iterator[DataFile]:
    """Open a file for the reader in the `with` block, and close it where that fails; else it stays open.

    Raises:
        SourceError: it cannot be opened (`failure`, and the system's reason), cannot be read, or `explain` says so.
    """
    try:
        file = DataFile(path)
    except OSError as error:
        raise SourceError(f"{failure.format(shortened(path.name))}: {error.strerror or error}") from None
    try:
        yield file
    except BaseException as error:
        refusal = _refusal(file, error, explain)
        file.close()
        if refusal is None:
            raise
        raise refusal from None


def _refusal(file: DataFile, error: BaseException, explain: Explain) -> SourceError | None:
    """Return what to raise in place of `error`; None where that is to be raised itself."""
    if isinstance(error, Unreadable):
        return SourceError(str(error))
    if isinstance(error, SourceError) or not isinstance(error, Exception):
        return None
    return explain(file, error)


def read_whole(path: Path, limit: int, too_large: Callable[[int], SourceError], failure: str = CANNOT_READ) -> bytes:
    """Return all bytes of a small file, which is closed again.

    Raises:
        SourceError: as `opened_file`, and `too_large` of its size when that is beyond `limit` bytes.
    """
    with opened_file(path, failure=failure) as file:
        if file.size > limit:
            raise too_large(file.size)
        raw = file.read(0, file.size)
        file.close()
    return raw


def checkpoint_source(found: PathInfo, checkpoint: Checkpoint, name: str = "checkpoint") -> Source:
    """Return the source of a checkpoint at a path; `name` is what its code calls it."""
    return Source(source=found.text, kind="checkpoint", name=name, checkpoint=checkpoint, file=str(found.path))
