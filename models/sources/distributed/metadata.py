"""The `.metadata` of a checkpoint: which tensors there are, in which chunks, and where each of them lies.

It is a pickle of the classes in `torch/distributed/checkpoint/metadata.py`, so it is read by the unpickler that runs
nothing: a class of torch becomes a record of its fields, and any other name in it (Megatron has a metadata of its own)
one that does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...opened.source import SourceError
from ..formats import read_whole
from ..torch_file.raw import Plain
from ..torch_file.unpickler import BrokenPickle, Globals, UnknownObject, read_pickle
from ..wording import listed
from .records import (
    ChunkRecord,
    Fields,
    FilePlace,
    IndexRecord,
    InfoRecord,
    MetadataStubs,
    ObjectEntry,
    Properties,
    Sizes,
    TensorEntry,
    are_sizes,
)

METADATA_LIMIT = 256 << 20
"""Bytes of a `.metadata`, at most: some million chunks."""
_FOR_A_BYTE = 40
"""Bytes of memory for one of the metadata: five objects describe a chunk in some 100 bytes."""
_MIN_CHUNK = 16
"""Bytes of the metadata for each chunk, at the very least: a pickle can name one list of chunks many times."""
_KEY_LIMIT = 64


@dataclass(slots=True)
class MetadataEntry:
    """One tensor, as the metadata say."""

    shape: Sizes
    """Of the whole tensor."""
    dtype: str
    """Torch's name of its dtype, `float32`."""
    chunks: list[tuple[Sizes, Sizes]]
    """Offsets and sizes of each chunk in elements, as they come."""


@dataclass(slots=True)
class SavedMetadata:
    """All that the metadata say and is used, of all files of them."""

    tensors: dict[str, MetadataEntry] = field(default_factory=dict)
    """By name."""
    objects: list[str] = field(default_factory=list)
    """Names of what is no tensor."""
    places: dict[tuple[str, Sizes | None], FilePlace] = field(default_factory=dict)
    """By name and offsets of the chunk; None for what is no tensor."""
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a name, the keys of the containers that it was made of."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else they say of the checkpoint, as texts: its version, its id."""
    warnings: list[str] = field(default_factory=list)
    """Sentences about what was left out."""


def read_metadata(path: Path, saved: SavedMetadata) -> None:
    """Read one file of metadata and add what it says to `saved`.

    Raises:
        SourceError: it cannot be read, or is no such metadata.
    """
    raw = read_whole(
        path,
        METADATA_LIMIT,
        lambda _: SourceError(f"{path.name} is not opened: it has more than {METADATA_LIMIT >> 20} MB"),
    )
    names = Globals(MetadataStubs())
    try:
        found = read_pickle(raw, names, extra=_FOR_A_BYTE * len(raw))
    except BrokenPickle as error:
        raise SourceError(f"{path.name} is damaged: its pickle {error}", "Save or copy the checkpoint again.") from None
    fields = _fields(found)
    entries, places = fields.get("state_dict_metadata"), fields.get("storage_data")
    if not isinstance(entries, dict) or not isinstance(places, dict):
        wants = f"; it names {listed(list(names.unknown))}" if names.unknown else ""
        raise SourceError(
            f"{path.name} is not the metadata of a distributed checkpoint{wants}", "Nothing of it was run."
        )
    if names.unknown:
        saved.warnings.append(f"{path.name} names {listed(list(names.unknown))}: left out, nothing of it was run")
    _add_entries(saved, entries, path.name, len(raw) // _MIN_CHUNK)
    _add_places(saved, places)
    _add_facts(saved, fields)


def _fields(found: object) -> dict[str, Any]:
    """Return the fields of the metadata, whose class may be another program's; empty for anything else."""
    fields = found.state if isinstance(found, UnknownObject) else found.fields if isinstance(found, Fields) else {}
    return fields if isinstance(fields, dict) else {}


def _add_entries(saved: SavedMetadata, entries: dict[Any, Any], file: str, limit: int) -> None:
    odd = []
    for name, entry in entries.items():
        if isinstance(name, str) and isinstance(entry, TensorEntry) and (made := _entry(entry.fields)):
            limit -= len(made.chunks)
            if limit < 0:
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


def _entry(fields: dict[str, Any]) -> MetadataEntry | None:
    properties, shape, chunks = fields.get("properties"), fields.get("size"), fields.get("chunks")
    dtype = properties.dtype if isinstance(properties, Properties) else None
    if not isinstance(dtype, Plain) or not are_sizes(shape) or not isinstance(chunks, list):
        return None
    boxes = [chunk.box for chunk in chunks if isinstance(chunk, ChunkRecord) and chunk.box is not None]
    if len(boxes) < len(chunks):
        return None
    return MetadataEntry(shape, dtype.text.removeprefix("torch."), boxes)


def _add_places(saved: SavedMetadata, places: dict[Any, Any]) -> None:
    for index, info in places.items():
        if not isinstance(index, IndexRecord) or not isinstance(info, InfoRecord) or not isinstance(index.name, str):
            continue
        if info.place is not None and (index.offsets is None or are_sizes(index.offsets)):
            saved.places[index.name, index.offsets] = info.place


def _add_facts(saved: SavedMetadata, fields: dict[str, Any]) -> None:
    paths = fields.get("planner_data")
    if isinstance(paths, dict):
        for name, keys in paths.items():
            if isinstance(name, str) and isinstance(keys, tuple) and len(keys) <= _KEY_LIMIT:
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
