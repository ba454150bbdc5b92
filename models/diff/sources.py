"""The tensors of a source that are to be compared, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..opened.source import Source
from ..tree.natural import natural_keys
from .tensors import Comparable, LiveTensor, StoredTensor

if TYPE_CHECKING:
    from torch import nn

    from ..live.outline import Node, Outline
    from ..stored.checkpoint import Checkpoint


def tensors_of(source: Source) -> list[Comparable]:
    """Every tensor under each of its names, a path that occurs twice, once.

    In the source's own order, or that of their names where it means nothing; what is no network's own, such as the
    state of an optimizer, after all others.
    """
    if source.checkpoint is not None:
        found: list[Comparable] = _of_checkpoint(source.checkpoint)
    else:
        found = _of_network(source.module, source.name) if source.module is not None else []
    return list({each.path: each for each in reversed(found)}.values())[::-1]


def _of_checkpoint(checkpoint: Checkpoint) -> list[Comparable]:
    found: list[Comparable] = [StoredTensor(stored) for stored in checkpoint.tensors]
    if not checkpoint.ordered:
        keys = natural_keys([each.path for each in found])
        found = [found[at] for at in sorted(range(len(found)), key=keys.__getitem__)]
    return sorted(found, key=lambda each: each.side.state)


def _of_network(module: nn.Module, name: str) -> list[Comparable]:
    from ..live.outline import Outline

    outline = Outline.of(module, name)
    return [LiveTensor(node, _lacks(outline, node)) for node in outline.nodes if node.is_tensor]


def _lacks(outline: Outline, node: Node) -> str:
    """Why no state dict holds a tensor; empty where one does."""
    if node.kind == "constant":
        return "a plain attribute, which no state dict holds"
    if not node.registered:
        return "in a module that is not registered, which no state dict holds"
    holder = outline.nodes[node.parent].item
    if node.kind == "buffer" and node.attribute in getattr(holder, "_non_persistent_buffers_set", ()):
        return "a buffer that is not persistent, which no state dict holds"
    return ""
