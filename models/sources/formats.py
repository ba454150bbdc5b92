"""What is at a path, and what a format of files offers that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..opened.source import OpenOptions, Source

HEAD = 4096
"""Bytes from the start of a file by which its format is told."""


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
    """For people: `a safetensors file`."""
    recognises: Callable[[PathInfo], bool]
    """Whether it is of this sort, whole or broken; looks at what `PathInfo` holds, and at a few more bytes at most."""
    open: Callable[[PathInfo, OpenOptions], Source]
    """Open it; raises SourceError, also for one that is broken."""
