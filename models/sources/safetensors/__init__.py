"""safetensors files: recognised, and opened by their header alone."""

from __future__ import annotations

from ...opened.source import OpenOptions, Source
from ...stored.checkpoint import Checkpoint
from ..formats import Format, PathInfo
from .header import PREFIX, read_header
from .metadata import unfolded

_PLAUSIBLE = 2**40
"""No header was meant to be as long; as a number, any eight letters are longer."""


def _recognises(found: PathInfo) -> bool:
    """By a length in the first bytes and the `{` behind it; by its name too where just one of both is broken."""
    if found.is_folder or b"\0" not in found.head[:PREFIX]:
        return False
    plausible = int.from_bytes(found.head[:PREFIX], "little") < _PLAUSIBLE
    opens = found.head[PREFIX : PREFIX + 1] == b"{"
    return (plausible and opens) or ((plausible or opens) and found.path.suffix.lower() == ".safetensors")


def _open(found: PathInfo, how: OpenOptions) -> Source:
    file, header = read_header(found.path)
    checkpoint = Checkpoint(
        header.tensors, metadata=unfolded(header.metadata), files=[file], kind="safetensors file", ordered=False
    )
    return Source(source=found.text, kind="checkpoint", name="checkpoint", checkpoint=checkpoint, file=str(found.path))


FORMAT = Format("a safetensors file", _recognises, _open)
