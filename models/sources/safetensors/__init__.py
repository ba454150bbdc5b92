"""safetensors files: recognised, and opened by their header alone.

The format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

from typing import Any

from ...stored.checkpoint import Checkpoint
from ...stored.file import DataFile
from ..formats import PathInfo, file_format
from ..json_values import NotJson, parsed
from .header import PREFIX, explain, read_header

_PLAUSIBLE = 2**40
"""No header was meant to be as long; read as a length, any eight letters are longer."""
_UNFOLDED_LIMIT = 1_000_000
"""Characters of JSON that are unfolded at most, all texts together; what is beyond stays text."""


def _recognises(found: PathInfo) -> bool:
    """Return whether there is a length and a `{` behind it; or just one of both, and the name ends as it should."""
    if found.is_folder or b"\0" not in found.head[:PREFIX]:
        return False
    plausible = int.from_bytes(found.head[:PREFIX], "little") < _PLAUSIBLE
    opens = found.head[PREFIX : PREFIX + 1] == b"{"
    return (plausible and opens) or ((plausible or opens) and found.path.suffix.lower() == ".safetensors")


def _parse(file: DataFile) -> Checkpoint:
    header = read_header(file)
    metadata = unfolded(header.metadata)
    return Checkpoint(header.tensors, metadata=metadata, files=[file], kind="safetensors file", ordered=False)


def unfolded(metadata: dict[str, str]) -> dict[str, Any]:
    """Return `metadata` with the objects and lists that its texts hold as JSON in the place of those texts."""
    left = _UNFOLDED_LIMIT
    found: dict[str, Any] = {}
    for key, text in metadata.items():
        found[key] = text
        if len(text) <= left and text.lstrip()[:1] in ("{", "["):
            left -= len(text)
            try:
                found[key] = parsed(text)
            except NotJson:
                continue
    return found


FORMAT = file_format("a safetensors file", _recognises, _parse, explain)
