"""What `show` prints of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..checkpoint.model import CheckpointModel
from ..safe_text import clean
from ..stored.checkpoint import Item
from ..stored.stored import Stored
from .columns import table

NAME = 200
"""Characters of a name that are written."""
WIDEST = (36, 24, 13, 14, 40)
SHARED = "⇄"
NAMES = 3
"""Other names of a shared tensor that are written."""


def report_of(model: CheckpointModel) -> dict[str, Any]:
    """The object that `show --json` prints, `schema` left out."""
    tree, totals, summary = model.tree, model.totals, model.summary()
    nodes = range(len(tree))
    return {
        "source": model.source.source,
        "kind": "checkpoint",
        "class": model.checkpoint.classes.get(""),
        "parameters": {"total": totals.parameters(0), "trainable": None, "bytes": totals.own},
        "modules": [_module(model, node) for node in nodes if tree.leaf(node) is None],
        "tensors": [_tensor(model, node, leaf) for node in nodes if isinstance(leaf := tree.leaf(node), Stored)],
        "items": [
            {"path": leaf.path, "type": leaf.type, "text": leaf.text}
            for node in nodes
            if isinstance(leaf := tree.leaf(node), Item)
        ],
        "metadata": model.metadata or None,
        "note": model.source.note or None,
        "warnings": summary.warnings,
    }


def _module(model: CheckpointModel, node: int) -> dict[str, Any]:
    name, inferred = model.classes.name(node)
    return {
        "path": model.tree.path(node),
        "class": name,
        "inferred": inferred,
        "parameters": model.totals.parameters(node),
        "trainable": None,
        "shared_with": [],
        "registered": None,
    }


def _tensor(model: CheckpointModel, node: int, tensor: Stored) -> dict[str, Any]:
    return {
        "path": tensor.path,
        "python": f"state[{tensor.path!r}]",
        "kind": model.tree.kind(node),
        "shape": list(tensor.shape),
        "dtype": tensor.dtype.name,
        "device": None,
        "requires_grad": None,
        "bytes": tensor.nbytes,
        "shared_with": model.sharing.same(node),
        "registered": None,
        "place": tensor.place,
    }


def text_of(model: CheckpointModel) -> Iterator[str]:
    """The tree as text, one line a module, tensor or item, safe for a terminal."""
    yield from table([_row(model, node) for node in range(len(model.tree))], WIDEST, right={2})
    yield ""
    totals = model.totals
    yield (
        f"{model.checkpoint.kind}: {totals.parameters(0):,} parameters, {totals.own:,} bytes; "
        f"{len(model.checkpoint.tensors):,} tensors, {totals.memory(0):,} bytes"
    )
    if model.source.note:
        yield clean(model.source.note)
    for warning in model.summary().warnings:
        yield f"warning: {clean(warning)}"


def _row(model: CheckpointModel, node: int) -> tuple[str, str, str, str, str]:
    tree = model.tree
    leaf = tree.leaf(node)
    detail, count, dtype = "", "", ""
    marks: list[str] = []
    if isinstance(leaf, Stored):
        detail, count, dtype = str(list(leaf.shape)), f"{leaf.elements:,}", leaf.dtype.name
        kind = tree.kind(node)
        marks = [] if kind == "parameter" else [kind]
        others = [clean(other, NAME) for other in model.sharing.same(node)]
        if others:
            more = f" and {len(others) - NAMES} more" if len(others) > NAMES else ""
            marks.append(f"{SHARED} {', '.join(others[:NAMES])}{more}")
    elif isinstance(leaf, Item):
        detail, dtype = leaf.text, leaf.type
    else:
        text, inferred = model.classes.text(node)
        detail = f"~{text}" if inferred else text
        count = f"{model.totals.parameters(node):,}" if model.totals.parameters(node) else ""
    return (
        "  " * tree.depths[node] + clean(tree.names[node] if node else model.source.name, NAME),
        clean(detail, NAME),
        count,
        clean(dtype, NAME),
        "  ".join(marks),
    )
