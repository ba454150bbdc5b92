"""Modules and tensors of a network that are one object under several names."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from ...live.kinds import node_role
from ...live.live_tree import LiveTree, Node
from ...tensors.plainly import plainly
from ...tensors.tensors import class_name, size_in_bytes
from .groups import Member, ShareGroup

MIXES = "its running statistics mix what goes through each name; a BatchNorm for each place keeps them apart"
SUM = "its gradient is the sum of what each use adds"
ASSIGN = "load_state_dict(assign=True) gives each name a tensor of its own: the tie is gone"
FILES = "state_dict() has {} under each name; torch.save writes {} once, a safetensors file holds one name alone"


@plainly
def shared_objects(tree: LiveTree) -> list[ShareGroup]:
    """Return modules and tensors that have several names; what is within a shared module only where it has more."""
    found, seen = [], set()
    for node in tree.nodes:
        if len(node.names) < 2 or id(node.item) in seen:
            continue
        seen.add(id(node.item))
        if node.index and len(tree.holder(node).names) == len(node.names):
            continue  # it comes with what holds it
        members = [Member(each) for path in node.names if (each := tree.at(path)) is not None]
        size = _size_below(tree, node)
        saved, notes = size * (len(members) - 1), list(_object_notes(tree, node))
        found.append(ShareGroup("object", _title(tree, node), members, size, saved, notes))
    return found


def _title(tree: LiveTree, node: Node) -> str:
    word = class_name(node.item) if isinstance(node.item, nn.Module) else f"one {node_role(tree, node).word}"
    return f"{word} under {len(node.names):,} names"


def _object_notes(tree: LiveTree, node: Node) -> Iterator[str]:
    below = [each.item for each in tree.nodes[node.index : max(tree.ends[node.index], node.index + 1)]]
    batch_norms = nn.modules.batchnorm._NormBase
    if any(isinstance(item, batch_norms) and item.running_mean is not None for item in below):
        yield MIXES
    if any(isinstance(item, nn.Parameter) for item in below):
        yield SUM
        yield ASSIGN
    if isinstance(node.item, nn.Module):
        yield FILES.format("its tensors", "them")
    elif node.registered:
        yield FILES.format("it", "it")


def _size_below(tree: LiveTree, node: Node) -> int:
    items = {id(each.item): each.item for each in tree.nodes[node.index : max(tree.ends[node.index], node.index + 1)]}
    return sum(size_in_bytes(item) or 0 for item in items.values() if isinstance(item, Tensor))
