"""What the Info pane tells of a checkpoint, its modules, tensors and items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..messages import FactGroup
from ..opened.facts import Group, filled
from ..stored.checkpoint import Checkpoint, Item
from ..stored.stored import Stored

if TYPE_CHECKING:
    from .model import CheckpointModel

MOST_FACTS = 300
"""Lines of metadata that are told."""
MOST_FILES = 100
VERSIONS = "_metadata"
"""Under which `state_dict()` keeps the versions."""
DEEPEST = 8


def describe(model: CheckpointModel, path: str) -> list[FactGroup]:
    """The facts of what is at `path`; raises EngineProblem when there is nothing."""
    found = model.place(path)
    if found.group is not None:
        return filled([_group(model, path, found.group.count)])
    leaf = model.tree.leaf(found.node)
    if isinstance(leaf, Stored):
        return filled(_tensor(model, found.node, leaf))
    if isinstance(leaf, Item):
        return filled([_item(leaf)])
    return filled([*([] if found.node else _whole(model.checkpoint, model.metadata)), _module(model, found.node)])


def _whole(checkpoint: Checkpoint, metadata: dict[str, Any]) -> list[Group]:
    warnings = Group("Warnings")
    for text in checkpoint.warnings:
        warnings.add("Warning", text)
    files = Group("Files")
    files.add("Kind", checkpoint.kind)
    for file in checkpoint.files[:MOST_FILES]:
        files.add(file.name, f"{file.size:,} bytes")
    if len(checkpoint.files) > MOST_FILES:
        files.add("More", f"and {len(checkpoint.files) - MOST_FILES:,} more files")
    told = Group("Metadata")
    for number, (depth, label, text) in enumerate(outline(metadata)):
        if number == MOST_FACTS:
            told.add("More", "the rest is not shown; `show --json` has all of it")
            break
        told.nested(label, text, depth)
    return [warnings, files, told]


def outline(value: dict[str, Any], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """Nested metadata as an outline: depth, label and text of each line, the text empty where more lies below.

    What state dicts tell of the version of each module's code is folded to one line.
    """
    for key, each in value.items():
        if key.rpartition(".")[2] == VERSIONS and isinstance(each, dict):
            yield depth, key, f"versions of {len(each):,} module{'' if len(each) == 1 else 's'}"
        elif isinstance(each, dict) and each and depth < DEEPEST:
            yield depth, key, ""
            yield from outline(each, depth + 1)
        else:
            yield depth, key, (each if isinstance(each, str) else repr(each)) or "''"


def _module(model: CheckpointModel, node: int) -> Group:
    group = Group("Module" if node else "Tensors")
    text, inferred = model.classes.text(node)
    group.add("Class", text + (" (inferred from the tensors)" if text and inferred else ""))
    group.add("Parameters", f"{model.totals.parameters(node):,}")
    group.add("Bytes", f"{model.totals.memory(node):,}")
    group.add("Tensors", f"{len(model.tree.tensors(node, model.tree.ends[node])):,}")
    return group


def _group(model: CheckpointModel, path: str, count: int) -> Group:
    group = Group("Repeated")
    group.add("Siblings", f"{count:,} of one structure: the same names and shapes below")
    first = model.place(path).node
    text, inferred = model.classes.text(first)
    group.add("Class", text + (" (inferred from the tensors)" if text and inferred else ""))
    group.links("First", [model.tree.path(first)])
    return group


def _tensor(model: CheckpointModel, node: int, tensor: Stored) -> list[Group]:
    name = Group("Name")
    name.add("State-dict key", tensor.path)
    name.add("Kind", _KINDS[model.tree.kind(node)] + ("" if tensor.kind else " (inferred from the name)"))
    numbers = Group("Numbers")
    numbers.add("Shape", str(list(tensor.shape)))
    numbers.add("Dtype", tensor.dtype.name)
    numbers.add("Elements", f"{tensor.elements:,}")
    memory = Group("In the file")
    memory.add("Place", tensor.place)
    memory.add("Bytes", f"{tensor.nbytes:,}")
    for label, text in tensor.notes:
        memory.add(label, text)
    shared = Group("Shared")
    shared.links("Same values", model.sharing.same(node))
    shared.links("Same storage", model.sharing.overlapping(node))
    linked = Group("Optimizer")
    linked.links("State", model.checkpoint.links.get(tensor.path, []))
    return [name, numbers, memory, shared, linked]


def _item(item: Item) -> Group:
    group = Group("Value")
    group.add("Type", item.type)
    group.add("Value", item.text)
    return group


_KINDS = {
    "parameter": "parameter",
    "buffer": "buffer: not updated by an optimiser",
    "state": "state of an optimizer or of something else that is not the network",
}
