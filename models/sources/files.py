"""Files and folders: recognised by their content, never by their name, and handed to the format that reads them.

A format is a package or file beside this one that offers a `Format`; it is added by naming it in `_formats`
or `_formats_of_many`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..checkpoint.checkpoint import Checkpoint
from .base import How, Kind, Source, SourceError

HEAD = 4096
"""Bytes from the start of a file by which its format is told."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder that is there and may be read."""

    path: Path
    text: str
    """As the person wrote it."""
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
    recognises: Callable[[Found], bool]
    """Whether it is of this sort, whole or broken; looks at what `Found` holds, and at a few more bytes at most."""
    open: Callable[[Found, How], Source]
    """Open it; raises SourceError, also for one that is broken."""


def find(text: str) -> Found:
    """Look at what is at a path; raises SourceError with the reason when it is nothing that can be read."""
    from .not_a_model import look

    return look(text)


def open_path(text: str, how: How) -> Source:
    """Open the files or the folder at a path or pattern, by the first format that recognises it; raises SourceError."""
    from .not_a_model import path_of

    path = path_of(text)
    if _is_pattern(path):
        from .shards.patterns import open_pattern

        return open_pattern(path, text, how)
    found = find(text)
    return _open(found, chain(_formats_of_many(found), _formats(found)), how)


def open_alone(path: str, how: How) -> Source:
    """Open one file by itself, also where it belongs with others; raises SourceError."""
    found = find(path)
    return _open(found, _formats(found), how)


def checkpoint_at(path: Path, how: How) -> Checkpoint:
    """The checkpoint in one file, a shard of a larger one; raises SourceError, also when it holds no checkpoint."""
    found = find(str(path))
    source = _open(found, _formats(found), how)
    if source.checkpoint is None:
        raise SourceError(f"{path.name} holds a network, not tensors")
    return source.checkpoint


def _is_pattern(path: str) -> bool:
    if "://" in path or "\0" in path or os.path.lexists(path):
        return False
    return any(sign in path for sign in "*?[")


def _open(found: Found, formats: Iterable[Format], how: How) -> Source:
    for form in formats:
        if form.recognises(found):
            return form.open(found, how)
    from .not_a_model.naming import say_what_it_is

    raise say_what_it_is(found)


def _formats_of_many(found: Found) -> Iterator[Format]:
    """Of folders, and of files that belong together.  A format is imported when it may be the one: most files are one
    of few, and a person waits."""
    name = found.path.name
    if found.is_folder or "metadata" in name or name.endswith(".distcp"):
        from . import distributed

        yield distributed.FORMAT
    if found.is_folder:
        from . import huggingface

        yield huggingface.FORMAT
    if found.is_folder or "-of-" in name or found.head.lstrip()[:1] == b"{":
        from . import shards

        yield shards.FORMAT


def _formats(found: Found) -> Iterator[Format]:
    """Of single files."""
    if found.head.startswith(b"GGUF"):
        from . import gguf

        yield gguf.FORMAT
    if found.head.startswith((b"\x93NUMPY", b"PK")):
        from . import numpy_file

        yield numpy_file.FORMAT
    from . import safetensors

    yield safetensors.FORMAT
    from . import torch_file

    yield torch_file.FORMAT


def _claims(text: str) -> bool:
    """Whether a text is a path: one that is there, or one that was meant for a file, so that this is what is said.

    A name of the catalogue is asked for before (`./rgnet` is the path), and `FILE.py:NAME` stays Python.
    """
    from .not_a_model import path_of

    path = path_of(text)
    if (text.rpartition(":")[0] or text).endswith(".py") and not os.path.isdir(path):  # noqa: PTH112 - NUL is told later
        return False
    return bool(text) and (os.path.lexists(path) or _meant_as_a_path(text))


def _meant_as_a_path(text: str) -> bool:
    from .not_a_model import WEIGHTS

    if "://" in text or any(each in text for each in "*?") or text.lower().endswith(WEIGHTS):
        return True
    return ":" not in text and (os.sep in text or text.startswith("~"))


KIND = Kind(claims=_claims, open=open_path)
