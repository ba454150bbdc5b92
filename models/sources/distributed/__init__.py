"""Folders of torch.distributed.checkpoint: the tensors as they were before each rank saved its part of them.

The format is that of torch's own `FileSystemWriter`: https://docs.pytorch.org/docs/stable/distributed.checkpoint.html
"""

from __future__ import annotations

import re
from pathlib import Path

from ...opened.source import OpenOptions, Source, SourceError
from ...stored.checkpoint import Checkpoint
from ...work.gc_paused import gc_paused
from ..formats import Format, PathInfo, checkpoint_source
from ..wording import listed
from .layout import DistributedLayout, Folder
from .metadata import SavedMetadata, read_metadata
from .objects import read_objects
from .roles import roles

METADATA = ".metadata"
"""The file that says where each tensor lies, written last."""
SUFFIX = ".distcp"
"""How the names of files end that hold what one rank saved."""
_OF_RANK = re.compile(r"__\d+\.metadata")
"""Where the ranks saved without talking to each other, each wrote metadata of its own."""
_PICKLE, _ZIP = b"\x80", b"PK\3\4"


def _recognises(found: PathInfo) -> bool:
    if found.is_folder:
        return bool(_metadata_of(found.names)) or any(name.endswith(SUFFIX) for name in found.names)
    name = found.path.name
    if name == METADATA or _OF_RANK.fullmatch(name):
        return found.head.startswith(_PICKLE) and b"state_dict_metadata" in found.head
    # The table of contents at the end is that of its last chunk alone: as a torch file it would be nonsense.
    return name.endswith(SUFFIX) and found.head.startswith(_ZIP)


def _metadata_of(names: frozenset[str]) -> list[str]:
    if METADATA in names:
        return [METADATA]
    return sorted(name for name in names if _OF_RANK.fullmatch(name))


def _open(found: PathInfo, how: OpenOptions) -> Source:
    if not found.is_folder and found.path.name.endswith(SUFFIX):
        raise SourceError(
            f"{found.path.name} is what one rank saved of a distributed checkpoint",
            f"Open the folder, which has all of it: {found.path.parent}",
        )
    folder = found.path if found.is_folder else found.path.parent
    names = _metadata_of(found.names) if found.is_folder else [found.path.name]
    if not names:
        parts = sorted(name for name in found.names if name.endswith(SUFFIX))
        raise SourceError(
            f"{folder.name} has {listed(parts)} but no {METADATA}: the checkpoint was not saved to its end",
            f"{METADATA} is written last and says where each tensor lies; without it, use an earlier checkpoint. "
            "Copying with `*` leaves it behind, since its name begins with a dot.",
        )
    how.on_progress(f"reading {names[0]}")
    saved = SavedMetadata()
    with gc_paused():
        for name in names:
            read_metadata(folder / name, saved)
        checkpoint = _checkpoint(saved, folder, found.names)
    return checkpoint_source(found, checkpoint)


def _checkpoint(saved: SavedMetadata, path: Path, names: frozenset[str]) -> Checkpoint:
    folder = Folder(path)
    layout = DistributedLayout(saved, folder)
    kinds, links = roles(saved.tensors, saved.paths)
    tensors = layout.tensors(kinds)
    known = {tensor.path for tensor in tensors}
    objects = {
        name: folder.part(place) if (place := saved.places.get((name, None))) else "is not in the metadata"
        for name in dict.fromkeys(saved.objects)
        if name not in known
    }
    items = read_objects(objects)
    wanted = {place.file for place in saved.places.values()}
    surplus = sorted(name for name in names if name.endswith(SUFFIX) and name not in wanted)
    warnings = [*saved.warnings, *folder.warnings, *layout.warnings]
    if surplus:
        which = "belong" if len(surplus) > 1 else "belongs"
        warnings.append(f"{listed(surplus)} {which} to no tensor: perhaps left over from an earlier checkpoint")
    return Checkpoint(
        tensors=list(tensors),
        items=items,
        metadata=dict(saved.facts),
        warnings=warnings,
        links={name: [each for each in state if each in known] for name, state in links.items() if name in known},
        ordered=True,
        files=list(folder.files.values()),
        kind="distributed checkpoint",
    )


FORMAT = Format("a distributed checkpoint", _recognises, _open)
