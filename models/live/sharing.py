"""Memory shared between different tensor objects: views and slices of one storage.

The same object under several names is told by `Node.shared_with`.  Storages are compared by their identity in C++,
never by address of the data: on the meta device every address is 0.
"""

from __future__ import annotations

import torch

from ..tensors.distributed import local_part
from .outline import Node, Outline


def storage_twins(outline: Outline, node: Node) -> tuple[str, ...]:
    """Paths of the other tensor objects that lie in the storage of `node`'s tensor, in tree order."""
    mine = _storage(node.item)
    if mine is None:
        return ()
    return tuple(
        other.path
        for other in outline.tensors(outline.nodes[0])
        if other.item is not node.item and _storage(other.item) == mine
    )


def _storage(item: object) -> int | None:
    if not isinstance(item, torch.Tensor):
        return None
    try:
        return int(local_part(item).untyped_storage()._cdata)
    except Exception:  # sparse, nested and lazy tensors and foreign subclasses have no storage
        return None
