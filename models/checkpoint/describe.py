"""The facts that the Info pane shows of a checkpoint, its modules, tensors and items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..messages import FactGroup
from ..opened.facts import FactList, amount, with_facts
from ..stored.checkpoint import Checkpoint, Item
from ..stored.stored import Stored
from .inference.facts import original_name

if TYPE_CHECKING:
    from .model import CheckpointModel

FACT_LIMIT = 300
"""Lines of metadata that are shown."""
FILE_LIMIT = 100
"""Files that are shown."""
VERSIONS = "_metadata"
"""The key under which `state_dict()` keeps the version of each module's code."""
DEPTH_LIMIT = 8
"""Levels of nested metadata that are shown as an outline."""


def describe_stored(model: CheckpointModel, path: str) -> list[FactGroup]:
    """Return the groups of facts of the node at `path`; raises `EngineProblem` where there is none."""
    node, group = model.place(path)
    if group is not None:
        return with_facts([_group(model, node, group.count)])
    leaf = model.tree.leaf(node)
    if isinstance(leaf, Stored):
        return with_facts(_tensor(model, node, leaf))
    if isinstance(leaf, Item):
        return with_facts([_item(leaf)])
    facts = FactList("In the file")
    for label, text in model.checkpoint.facts.get(model.tree.path(node), ()):
        facts.add(label, text)
    return with_facts([*([] if node else _whole(model.checkpoint, model.metadata)), _module(model, node), facts])


def _whole(checkpoint: Checkpoint, metadata: dict[str, Any]) -> list[FactList]:
    warnings = FactList("Warnings")
    for text in checkpoint.warnings:
        warnings.add("Warning", text)
    files = FactList("Files")
    files.add("Kind", checkpoint.kind)
    for file in checkpoint.files[:FILE_LIMIT]:
        files.add(file.name, f"{file.size:,} bytes")
    if len(checkpoint.files) > FILE_LIMIT:
        files.add("More", f"and {len(checkpoint.files) - FILE_LIMIT:,} more files")
    header = FactList("Metadata")
    for index, (depth, label, text) in enumerate(metadata_outline(metadata)):
        if index == FACT_LIMIT:
            header.add("More", "the rest is not shown; `show --json` has all of it")
            break
        header.nested(label, text, depth)
    return [warnings, files, header]


def metadata_outline(value: dict[str, Any], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """Yield nested metadata as an outline: depth, label and text of each line; the text is empty above nested lines.

    The versions of modules' code that state dicts of torch hold are one line.
    """
    for key, each in value.items():
        if key.rpartition(".")[2] == VERSIONS and isinstance(each, dict):
            yield depth, key, f"versions of {amount(len(each), 'module')}"
        elif isinstance(each, dict) and each and depth < DEPTH_LIMIT:
            yield depth, key, ""
            yield from metadata_outline(each, depth + 1)
        else:
            texts = isinstance(each, list) and each and all(isinstance(one, str) for one in each)
            yield depth, key, (each if isinstance(each, str) else ", ".join(each) if texts else repr(each)) or "''"


def _module(model: CheckpointModel, node: int) -> FactList:
    group = FactList("Module" if node else "Tensors")
    text, inferred = model.classes.text(node)
    group.add("Class", text + (" (inferred from the tensors)" if text and inferred else ""))
    group.add("Parameters", f"{model.totals.parameters(node):,}")
    own, memory = model.totals.bytes(node), model.totals.memory(node)
    group.add("Bytes", f"{own:,}" + (f" (of all tensors {memory:,})" if memory != own else ""))
    state = model.totals.state(node)
    if state.tensors:
        said = f"{amount(state.tensors, 'tensor')}, {amount(state.elements, 'element')}, {amount(state.bytes, 'byte')}"
        group.add("Not the network", f"{said} of optimizer state, random state, averages or the like")
    group.add("Tensors", f"{len(model.tree.tensors(node, model.tree.ends[node])):,}")
    return group


def _group(model: CheckpointModel, first: int, count: int) -> FactList:
    group = FactList("Repeated")
    group.add("Siblings", f"{count:,} of one structure: the same names and shapes below")
    text, inferred = model.classes.text(first)
    group.add("Class", text + (" (inferred from the tensors)" if text and inferred else ""))
    group.links("First", [model.tree.path(first)])
    return group


def _tensor(model: CheckpointModel, node: int, tensor: Stored) -> list[FactList]:
    name = FactList("Name")
    name.add("State-dict key", tensor.path)
    name.add("Kind", _KINDS[model.tree.kind(node)] + ("" if tensor.kind else " (inferred from the name and dtype)"))
    numbers = FactList("Numbers")
    numbers.add("Shape", str(list(tensor.shape)))
    numbers.add("Dtype", tensor.dtype.name)
    numbers.add("Elements", f"{tensor.elements:,}")
    numbers.add("Flattened", _FLAT if original_name(model.tree.names[node]) in ("_flat_param", "flat_param") else "")
    memory = FactList("In the file")
    memory.add("Place", tensor.place)
    memory.add("Bytes", f"{tensor.nbytes:,}")
    stored = model.facts(node).stored_bytes
    if stored is not None:
        memory.add("Stored", f"{stored:,} bytes: a view of a storage, which the file has whole; .clone() leaves it out")
    for label, text in tensor.notes:
        memory.add(label, text)
    parts = FactList("Parts")
    module = f"{tensor.path.rpartition('.')[0]}."
    for part in model.facts(node).parts:
        text = f"{list(part.shape)} {part.dtype}, {part.bytes:,} bytes, {part.place}"
        parts.add(part.name.removeprefix(module), text)
    shared = FactList("Shared")
    shared.links("Same values", model.sharing.same(node))
    on, beside = model.sharing.apart(node)
    shared.links("Same storage", on)
    shared.links("Flat storage", beside)
    linked = FactList("Optimizer")
    linked.links("State", model.checkpoint.links.get(tensor.path, []))
    return [name, numbers, memory, parts, shared, linked]


def _item(item: Item) -> FactList:
    group = FactList("Value")
    group.add("Type", item.type)
    group.add("Value", item.text)
    return group


_FLAT = (
    "a shard of many parameters: FSDP puts those of a module in a row and gives each rank a piece of it. Their names "
    "and shapes are not in it: a full or sharded state dict (torch.distributed.checkpoint) has them"
)
_KINDS = {
    "parameter": "parameter",
    "buffer": "buffer: not updated by an optimizer",
    "constant": "constant: a plain attribute of a module, not registered with it",
    "state": "state of an optimizer or of something else that is not the network",
}
