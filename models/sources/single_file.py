"""One file: recognised by its content and handed to the format that reads it.

A format is a package or file beside this one that offers a `Format`; it is added by naming it in `formats_of_one`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..opened.source import OpenOptions, Source, SourceError
from ..stored.checkpoint import Checkpoint
from .formats import Format, PathInfo


def find(text: str) -> PathInfo:
    """Look at what is at a path; raises SourceError with the reason when it is nothing that can be read."""
    from .unrecognised import look

    return look(text)


def open_alone(path: str, how: OpenOptions) -> Source:
    """Open one file by itself, also where it belongs with others; raises SourceError."""
    found = find(path)
    return open_with(found, formats_of_one(found), how)


def checkpoint_at(path: Path, how: OpenOptions) -> Checkpoint:
    """The checkpoint in one file, a shard of a larger one; raises SourceError, also when it holds no checkpoint."""
    found = find(str(path))
    source = open_with(found, formats_of_one(found), how)
    if source.checkpoint is None:
        raise SourceError(f"{path.name} holds a network, not tensors")
    return source.checkpoint


def open_with(found: PathInfo, formats: Iterable[Format], how: OpenOptions) -> Source:
    for form in formats:
        if form.recognises(found):
            return form.open(found, how)
    from .unrecognised.naming import diagnose

    raise diagnose(found)


def formats_of_one(found: PathInfo) -> Iterator[Format]:
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
