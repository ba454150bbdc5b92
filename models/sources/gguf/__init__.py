"""GGUF files, as llama.cpp has them: quantised tensors and what the file says of its model.

The header is read here, with neither torch nor numpy; the maintained `gguf` package turns quantised blocks into
numbers when somebody looks at them.
"""

from __future__ import annotations

from typing import Any

from ...opened.source import OpenOptions, Source, SourceError
from ...stored.checkpoint import Checkpoint
from ...stored.dense import Dense
from ...stored.file import DataFile
from ...stored.stored import Stored, Unreadable
from ...work.gc_paused import gc_paused
from ..formats import Format, PathInfo
from ..wording import listed
from .header import MAGIC, Header, read_header
from .quantised import Quantised

_DEEPEST = 8


def _recognises(found: PathInfo) -> bool:
    return found.head.startswith(MAGIC)


def _open(found: PathInfo, how: OpenOptions) -> Source:
    try:
        file = DataFile(found.path)
        with gc_paused():
            header = read_header(file)
            tensors = _tensors(header, file)
    except OSError as error:
        raise SourceError(f"{found.path.name} cannot be read: {error.strerror or error}") from None
    except Unreadable as error:
        raise SourceError(str(error)) from None
    architecture = header.metadata.get("general.architecture")
    checkpoint = Checkpoint(
        tensors=tensors,
        metadata=_nested(header.metadata),
        warnings=_warnings(header),
        classes={"": architecture} if isinstance(architecture, str) and architecture else {},
        files=[file],
        kind="GGUF file",
    )
    return Source(
        source=found.text,
        kind="checkpoint",
        name="checkpoint",
        checkpoint=checkpoint,
        file=str(found.path),
    )


def _tensors(header: Header, file: DataFile) -> list[Stored]:
    return [
        Dense(info.name, info.shape, info.dtype, file, info.offset, nbytes=info.nbytes)
        if info.dtype.plain is info.dtype
        else Quantised(info.name, info.shape, info.dtype, file, info.offset, code=info.code)
        for info in header.infos
    ]


def _warnings(header: Header) -> list[str]:
    names = [name for each in header.unknown.values() for name in each]
    if not names:
        return []
    count = f"{len(names):,} tensors are" if len(names) > 1 else "One tensor is"
    codes = listed([str(code) for code in header.unknown])
    return [f"{count} left out, being of a type that is not known (number {codes}): {listed(names)}"]


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Keys with dots as dicts in dicts; a key that is a value and a prefix too keeps its dots."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        parts = key.split(".", _DEEPEST)
        level = nested
        while len(parts) > 1:
            inner = level.setdefault(parts[0], {})
            if not isinstance(inner, dict):
                break
            level = inner
            parts.pop(0)
        name = ".".join(parts)
        if name in level:  # `a.b.c` came before `a.b`
            level, name = nested, key
        level[name] = value
    return nested


FORMAT = Format("a GGUF file", _recognises, _open)
