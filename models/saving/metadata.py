"""The metadata of a new safetensors file: those of the files that it comes from, as they stand there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ..stored.file import DataFile
from ..tensors.readable import Unreadable
from .plan import FilePlan
from .safetensors_file import LONGEST, METADATA, ties

DEFAULT = {"format": "pt"}
"""What those who load such files for PyTorch expect to find."""
_Entries = msgspec.json.Decoder(dict[str, msgspec.Raw])
_Texts = msgspec.json.Decoder(dict[str, str])


def metadata_of(files: Iterable[DataFile]) -> dict[str, str] | None:
    """Return the texts of all `files` that are safetensors files, of two with one name the first.

    None where none of them is one.
    """
    found: dict[str, str] | None = None
    for file in files:
        texts = _texts(file)
        if texts is not None:
            found = {**texts, **(found or {})}
    return found


def _texts(file: DataFile) -> dict[str, str] | None:
    try:
        length = int.from_bytes(file.read(0, 8), "little")
        if not 0 < length <= min(LONGEST, file.size - 8):
            return None
        entry = _Entries.decode(file.read(8, length)).get(METADATA)
        return {} if entry is None else _Texts.decode(entry)
    except (Unreadable, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def metadata_for(plan: FilePlan, kept: Mapping[str, str] | None) -> dict[str, str]:
    """Return the metadata of a file with `plan`: `kept`, and which name stands for which tied tensor.

    What `kept` says of a tied tensor is said anew, by its names in the new file.
    """
    metadata = dict(DEFAULT if kept is None else kept)
    for name, text in list(metadata.items()):
        if is_tie(name, text, plan):
            del metadata[name]
    metadata.update(ties(plan))
    return metadata


def is_tie(name: str, text: str, plan: FilePlan) -> bool:
    """Return whether an entry of the metadata says that the tensor `name` is stored under the name `text`."""
    return "." in text and (name in plan.source_paths or text in plan.source_paths)
