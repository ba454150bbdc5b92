"""What the files of a checkpoint store once under several names, and the tensors of one storage.

Nothing is read but the header.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...messages import ShareKind, SharingGroup, SharingMember
from ...opened.node_facts import NodeFacts
from ...sources.wording import size_text
from ...stored.stored import Storage, Stored
from ...tensors.extents import Extent
from .places import place_text, reached

if TYPE_CHECKING:
    from ...checkpoint.model import CheckpointModel

MEMBERS = 100
"""Names of a group that are sent."""
TIED = "stored once in the file under these names"
OVERLAP = "views of one storage in the file: loaded by torch, who changes one in place changes the others"
FLAT = "each has elements of its own in one storage of the file, as after flatten_parameters() of recurrent layers"


def stored_groups(model: CheckpointModel) -> Iterator[SharingGroup]:
    """Yield what a checkpoint stores once: tied tensors, those of one storage, those in a larger one."""
    for nodes in model.sharing.tied():
        title = f"one tensor under {len(nodes):,} names"
        yield equal_group("object", title, [model.facts(node) for node in nodes], TIED)
    together: set[str] = set()
    for nodes in model.sharing.storages():
        tensors = [model.tree.tensor(node) for node in nodes]
        if sum(tensor is not None and tensor.elements > 0 for tensor in tensors) < 2:
            continue  # what has no elements shares none
        together.update(path for node in nodes for path in (model.tree.path(node), *model.sharing.same(node)))
        yield _of_storage(model, nodes)
    apart: dict[object, list[NodeFacts]] = {}
    for facts in model.named_tensors():
        stored, size = facts.stored_bytes, facts.bytes
        if stored is not None and size is not None and stored > size and facts.path not in together:
            tensor = model.tree.tensor(facts.index)
            storage = None if tensor is None else tensor.storage
            apart.setdefault(facts.index if storage is None else storage, []).append(facts)
    yield from (_of_part(model, names) for names in apart.values())


def equal_group(kind: ShareKind, title: str, tensors: Sequence[NodeFacts], *notes: str) -> SharingGroup:
    """Return a group of tensors with the same elements, each of which would take as many bytes as the first."""
    size = tensors[0].bytes or 0
    return _group(kind, title, tensors, [""] * len(tensors), size, size * (len(tensors) - 1), notes)


def _of_storage(model: CheckpointModel, nodes: list[int]) -> SharingGroup:
    """Return the group of tensors that view one storage, with the part of each and what the storage takes."""
    flat, facts = model.sharing.flat(nodes), [model.facts(node) for node in nodes]
    title = f"{len(nodes):,} tensors of one storage" + (", beside each other" if flat else "")
    notes = [FLAT if flat else OVERLAP]
    tensors = [tensor for node in nodes if (tensor := model.tree.tensor(node)) is not None]
    extents = [place for tensor in tensors if (place := _place(tensor)) is not None]
    storage, size = tensors[0].storage, sum(tensor.nbytes for tensor in tensors)
    whole = storage.size if isinstance(storage, Storage) and len(extents) == len(nodes) else 0
    taken = size if flat else reached(extents)
    unused = whole - taken if facts[0].stored_bytes is not None else 0
    if unused > 0:
        notes.append(f"the file holds {size_text(whole)} for {size_text(taken)}; saving a .clone() of each does not")
    saved = max(unused if flat else size - taken, 0) if whole else 0
    kind: ShareKind = "flat" if flat else "memory"
    return _group(kind, title, facts, [_part(tensor) for tensor in tensors], whole, saved, notes)


def _of_part(model: CheckpointModel, facts: list[NodeFacts]) -> SharingGroup:
    """Return the group of one tensor, under all its names, in a storage that holds more than it."""
    stored, size = facts[0].stored_bytes or 0, facts[0].bytes or 0
    note = f"the file holds {size_text(stored)} for its {size_text(size)}; saving a .clone() of it does not"
    parts = [_part(model.tree.tensor(each.index)) for each in facts]
    return _group("part", f"a tensor in a storage of {size_text(stored)}", facts, parts, stored, stored - size, [note])


def _place(tensor: Stored | None) -> Extent | None:
    """Return the bytes of its storage that a tensor has, counted from the storage's first; None where unknown."""
    if tensor is None or (extent := tensor.extent) is None or not isinstance(storage := tensor.storage, Storage):
        return None
    return extent._replace(first=extent.first - storage.first)


def _part(tensor: Stored | None) -> str:
    """Return which elements of its storage a tensor has, and how it walks over them; empty where unknown."""
    place = _place(tensor)
    if tensor is None or place is None or tensor.dtype.per_unit > 1 or not isinstance(tensor.storage, Storage):
        return ""
    return place_text(place, tensor.dtype.unit, tensor.storage.size, tensor.shape, tensor.strides)


def _group(
    kind: ShareKind,
    title: str,
    tensors: Sequence[NodeFacts],
    parts: Sequence[str],
    size: int,
    saved: int,
    notes: Sequence[str],
) -> SharingGroup:
    sent = list(zip(tensors, parts, strict=True))[:MEMBERS]
    return SharingGroup(
        kind=kind,
        title=title,
        members=[SharingMember(path=each.path, kind=each.kind, detail=each.detail, part=part) for each, part in sent],
        more=max(len(tensors) - MEMBERS, 0),
        bytes=size,
        saved=saved,
        notes=list(notes),
    )
