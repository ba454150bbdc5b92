"""Several checkpoints as one tree: each a part below its own name, the main one at the root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ...checkpoint.tied import with_tied
from ...opened.source import OpenOptions, SourceError
from ...stored.checkpoint import Checkpoint, Item
from ...stored.file import DataFile
from ...stored.joined import Joined, Renamed
from ...stored.tensors import Tensors
from ..wording import shortened


class FolderPart(NamedTuple):
    """One part of a whole, not opened yet."""

    name: str
    """Its name in the tree; "" for what stands at the root."""
    place: str
    """Where it lies, below the folder that was named."""
    open: Callable[[OpenOptions], Checkpoint]
    """Open it; raise SourceError."""
    beside: bool = False
    """Whether it is no network: an optimizer, a scheduler, states of random generators."""


def joined_parts(parts: Sequence[FolderPart], how: OpenOptions) -> Checkpoint:
    """Return the parts as one checkpoint; one that cannot be opened is left out with a warning.

    Raises:
        SourceError: no part that is a network can be opened; it is that of the first.
    """
    opened: list[tuple[FolderPart, Checkpoint]] = []
    warnings: list[str] = []
    first: SourceError | None = None
    for number, part in enumerate(parts, 1):
        how.on_progress(f"{shortened(part.place, 40)}, {number:,} of {len(parts):,}")
        try:
            # What stands beside a network is only shown: nothing in it has to run, also where the user trusts it.
            opened.append((part, part.open(replace(how, trust=False) if part.beside else how)))
        except SourceError as error:
            if not part.beside:
                first = first or error
            warnings.append(f"{shortened(part.place)} is left out: {error.title}")
    if first is not None and all(part.beside for part, _ in opened):
        raise first
    whole = _joined(_named(opened))
    whole.warnings[:0] = warnings
    return whole


def _named(opened: Sequence[tuple[FolderPart, Checkpoint]]) -> list[tuple[str, FolderPart, Checkpoint]]:
    """Return the parts with names that no other part has, nor a module of what stands at the root.

    A dot in a name would be a border of the tree.
    """
    taken = {
        path.partition(".")[0]
        for part, checkpoint in opened
        if not part.name
        for path in (*checkpoint.columns.paths, *(item.path for item in checkpoint.items))
    }
    named = []
    for part, checkpoint in opened:
        plain = name = part.name.replace(".", "_")
        number = 2
        while name and name in taken:
            name = f"{plain} ({number})"
            number += 1
        taken.add(name)
        named.append((name, part, checkpoint))
    return named


def _renamed(checkpoint: Checkpoint, prefix: str, beside: bool) -> Tensors:
    from ...tree.natural import natural_keys

    columns = checkpoint.columns
    order = None
    if not checkpoint.ordered:
        keys = natural_keys(columns.paths)
        order = sorted(range(len(keys)), key=keys.__getitem__)
    if order is None and not prefix and not beside:
        return columns
    return Renamed(columns, prefix, "state" if beside else None, order)


def _joined(parts: Sequence[tuple[str, FolderPart, Checkpoint]]) -> Checkpoint:
    tensors: list[Tensors] = []
    items: list[Item] = []
    files: list[DataFile] = []
    metadata: dict[str, Any] = {}
    whole = Checkpoint([])
    for name, part, checkpoint in parts:
        prefix = f"{name}." if name else ""
        before = sum(map(len, tensors))
        if not part.beside:
            checkpoint = with_tied(checkpoint, checkpoint.metadata)
        tensors.append(_renamed(checkpoint, prefix, part.beside))
        items += (item if not prefix else Item(prefix + item.path, item.type, item.text) for item in checkpoint.items)
        files += checkpoint.files
        whole.warnings += (f"{name}: {text}" if name else text for text in checkpoint.warnings)
        whole.classes |= {(prefix + path).removesuffix("."): each for path, each in checkpoint.classes.items()}
        whole.facts |= {(prefix + path).removesuffix("."): each for path, each in checkpoint.facts.items()}
        whole.stored_bytes |= {prefix + path: size for path, size in checkpoint.stored_bytes.items()}
        whole.bare += ((prefix + path, before + at) for path, at in checkpoint.bare)
        whole.links |= {prefix + path: [prefix + each for each in links] for path, links in checkpoint.links.items()}
        if name and checkpoint.metadata:
            metadata[name] = checkpoint.metadata
        elif not name:
            metadata |= checkpoint.metadata
            whole.kind = whole.kind or checkpoint.kind
    whole.tensors = Joined(tensors)
    whole.items, whole.files, whole.metadata = items, files, metadata
    whole.ordered = True  # the parts stand as they were put together, those without an order sorted
    return whole
