"""GGUF files, as llama.cpp has them: quantised tensors and what the file says of its model.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.  The header is read here, with neither torch nor
NumPy; the maintained `gguf` package turns quantised blocks into float32 when somebody looks at them.
"""

from __future__ import annotations

from math import prod
from typing import Any, TypeGuard

from ...stored.checkpoint import Checkpoint
from ...stored.dense import Dense
from ...stored.file import DataFile
from ...stored.stored import Stored
from ...work.gc_paused import gc_paused
from ..formats import PathInfo, file_format
from ..wording import listed
from .header import MAGIC, Header, read_header
from .quantised import OfUnknownType, Quantised
from .types import FILE_TYPES

_DEEPEST = 8
_ORIGINAL = "comfy.gguf.orig_shape."
"""Before the name of a tensor that was reshaped to fit into blocks: its own shape, as ComfyUI-GGUF writes it."""


def _recognises(found: PathInfo) -> bool:
    return found.head.startswith(MAGIC)


def _parse(file: DataFile) -> Checkpoint:
    with gc_paused():
        header = read_header(file)
        metadata = dict(header.metadata)
        tensors = _tensors(header, file, metadata)
    architecture = metadata.get("general.architecture")
    code = metadata.get("general.file_type")
    words = FILE_TYPES.get(code, "") if type(code) is int else ""
    if words:
        metadata.setdefault("general.file_type in words", words)
    return Checkpoint(
        tensors=tensors,
        metadata=_nested(metadata),
        warnings=_warnings(header),
        classes={"": architecture} if isinstance(architecture, str) and architecture else {},
        files=[file],
        kind=f"GGUF file, {words}" if words else "GGUF file",
    )


def _tensors(header: Header, file: DataFile, metadata: dict[str, Any]) -> list[Stored]:
    """Return the tensors; the original shapes that the metadata have of them are taken out of those."""
    tensors: list[Stored] = [
        Dense(info.name, info.shape, info.dtype, file, info.offset, nbytes=info.nbytes)
        if info.dtype.plain is info.dtype
        else Quantised(info.name, info.shape, info.dtype, file, info.offset, code=info.code)
        if info.code not in header.unknown
        else OfUnknownType(info.name, info.shape, info.dtype, file, info.offset, info.nbytes)
        for info in header.infos
    ]
    if any(key.startswith(_ORIGINAL) for key in metadata):
        for tensor in tensors:
            shape = metadata.get(_ORIGINAL + tensor.path)
            if _is_shape(shape) and prod(shape) == tensor.elements:
                tensor.shape = tuple(metadata.pop(_ORIGINAL + tensor.path))
    return tensors


def _is_shape(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _warnings(header: Header) -> list[str]:
    names = [name for each in header.unknown.values() for name in each]
    if not names:
        return []
    count = f"{len(names):,} tensors are" if len(names) > 1 else "One tensor is"
    codes = listed([str(code) for code in header.unknown])
    return [
        f"{count} of a type that is not known (number {codes}): names and shapes alone are shown of {listed(names)}"
    ]


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Return keys with dots as dicts in dicts; a key that is a value and a prefix too keeps its dots."""
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


FORMAT = file_format("a GGUF file", _recognises, _parse)
