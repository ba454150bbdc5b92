"""The `.metadata` of a checkpoint: which tensors there are, in which chunks, and where each of them lies.

It is a pickle, so it is read by the restricted unpickler: a class of torch becomes a record of its fields, and any
other name in it (Megatron has a metadata of its own) one that does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...opened.source import SourceError
from ...stored.file import DataFile
from ...stored.stored import Unreadable
from ..torch_file.raw import Plain
from ..torch_file.restricted import BrokenPickle, Refused, read_pickle
from ..wording import listed
from .records import Chunk, Fields, Index, Info, ObjectEntry, Place, Properties, Sizes, StandIns, TensorEntry, are_sizes

MOST_METADATA = 256 << 20
"""Bytes of a `.metadata`: some million chunks."""
_FOR_A_BYTE = 40
"""Bytes of memory for one of the metadata: five objects describe a chunk in some 100 bytes."""
_LEAST_CHUNK = 16
"""Bytes of the metadata for each chunk, at the very least: a pickle can name one list of chunks many times."""
_MOST_KEYS = 64


@dataclass(slots=True)
class Entry:
    """One tensor."""

    shape: Sizes
    dtype: str
    """Torch's name."""
    chunks: list[tuple[Sizes, Sizes]]
    """Offsets and sizes of each, as they come."""


@dataclass(slots=True)
class Saved:
    """All that the metadata says and is used."""

    tensors: dict[str, Entry] = field(default_factory=dict)
    objects: list[str] = field(default_factory=list)
    """Names of what is no tensor."""
    places: dict[tuple[str, Sizes | None], Place] = field(default_factory=dict)
    """By name and offsets of the chunk; None for what is no tensor."""
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a name, the keys of the containers that it was in."""
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_metadata(path: Path, saved: Saved) -> None:
    """Read one file and add what it says.

    Raises:
        SourceError: it cannot be read, or is no such metadata.
    """
    try:
        file = DataFile(path)
        if file.size > MOST_METADATA:
            raise SourceError(f"{path.name} is not opened: it has more than {MOST_METADATA >> 20} MB")
        names = StandIns()
        found = read_pickle(file.read(0, file.size), names, extra=_FOR_A_BYTE * file.size)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}") from None
    except Unreadable as error:
        raise SourceError(str(error)) from None
    except BrokenPickle as error:
        raise SourceError(f"{path.name} is damaged: its pickle {error}", "Save or copy the checkpoint again.") from None
    except Refused as error:
        raise SourceError(f"{path.name} wants code to be run: {listed(error.globals)}", "Nothing was run.") from None
    fields = found.fields if isinstance(found, Fields) else {}
    entries, places = fields.get("state_dict_metadata"), fields.get("storage_data")
    if not isinstance(entries, dict) or not isinstance(places, dict):
        wants = f"; it names {listed(list(names.foreign))}" if names.foreign else ""
        raise SourceError(
            f"{path.name} is not the metadata of a distributed checkpoint{wants}", "Nothing of it was run."
        )
    if names.foreign:
        saved.warnings.append(f"{path.name} names {listed(list(names.foreign))}: left out, nothing of it was run")
    _add_entries(saved, entries, path.name, file.size // _LEAST_CHUNK)
    _add_places(saved, places)
    _add_facts(saved, fields)


def _add_entries(saved: Saved, entries: dict[Any, Any], file: str, most: int) -> None:
    odd = []
    for name, entry in entries.items():
        if isinstance(name, str) and isinstance(entry, TensorEntry) and (made := _entry(entry.fields)):
            most -= len(made.chunks)
            if most < 0:
                raise SourceError(f"{file} is damaged: it refers to the same chunks again and again")
            known = saved.tensors.setdefault(name, made)
            if known is not made:
                known.chunks += made.chunks  # another rank's metadata
        elif isinstance(name, str) and isinstance(entry, ObjectEntry):
            saved.objects.append(name)
        else:
            odd.append(name if isinstance(name, str) else "a name that is no text")
    if odd:
        saved.warnings.append(f"{len(odd):,} entries are left out, their metadata is not understood: {listed(odd)}")


def _entry(fields: dict[str, Any]) -> Entry | None:
    properties, shape, chunks = fields.get("properties"), fields.get("size"), fields.get("chunks")
    dtype = properties.dtype if isinstance(properties, Properties) else None
    if not isinstance(dtype, Plain) or not are_sizes(shape) or not isinstance(chunks, list):
        return None
    boxes = [chunk.box for chunk in chunks if isinstance(chunk, Chunk) and chunk.box is not None]
    if len(boxes) < len(chunks):
        return None
    return Entry(shape, dtype.text.removeprefix("torch."), boxes)


def _add_places(saved: Saved, places: dict[Any, Any]) -> None:
    for index, info in places.items():
        if not isinstance(index, Index) or not isinstance(info, Info) or not isinstance(index.name, str):
            continue
        if info.place is not None and (index.offsets is None or are_sizes(index.offsets)):
            saved.places[index.name, index.offsets] = info.place


def _add_facts(saved: Saved, fields: dict[str, Any]) -> None:
    paths = fields.get("planner_data")
    if isinstance(paths, dict):
        for name, keys in paths.items():
            if isinstance(name, str) and isinstance(keys, tuple) and len(keys) <= _MOST_KEYS:
                texts = [str(key) for key in keys if isinstance(key, str) or (type(key) is int and 0 <= key < 1 << 62)]
                if len(texts) == len(keys):
                    saved.paths[name] = tuple(texts)
    meta = fields.get("storage_meta")
    facts = {"version": fields.get("version")}
    if isinstance(meta, Fields):
        facts |= {key: meta.fields.get(key) for key in ("checkpoint_id", "save_id")}
    for key, value in facts.items():
        text = value.text if isinstance(value, Plain) else value
        if isinstance(text, str):
            saved.facts.setdefault(key, text[:2000])
