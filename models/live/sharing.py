"""Memory shared between different tensor objects: views and slices of one storage.

For one object under several names see `Node.shared_with`.  Storages are compared by their identity in C++,
never by the address of the data: on the meta device every address is 0.
"""

from __future__ import annotations

import torch

from ..tensors.distributed import local_part
from ..tensors.plainly import plainly
from .live_tree import LiveTree, Node


def storage_twins(tree: LiveTree, node: Node) -> tuple[str, ...]:
    """Return the paths of the other tensor objects that lie in the storage of `node`'s tensor, in tree order."""
    return StorageTwins(tree).of(node)


class StorageTwins:
    """The storages of a whole tree, looked at once: `of` answers for any of its nodes."""

    @plainly
    def __init__(self, tree: LiveTree) -> None:
        self._groups: dict[int, list[Node]] = {}
        self._storages: dict[int, int] = {}
        """By identity of a tensor."""
        for node in tree.nodes:
            storage = _storage(node.item)
            if storage is not None:
                self._groups.setdefault(storage, []).append(node)
                self._storages[id(node.item)] = storage

    def of(self, node: Node) -> tuple[str, ...]:
        """Return what `storage_twins` does."""
        storage = self._storages.get(id(node.item))
        group = () if storage is None else self._groups[storage]
        return tuple(other.path for other in group if other.item is not node.item)


def _storage(item: object) -> int | None:
    if not isinstance(item, torch.Tensor):
        return None
    try:
        return int(local_part(item).untyped_storage()._cdata)
    except Exception:  # sparse, nested and lazy tensors and foreign subclasses have no storage
        return None
