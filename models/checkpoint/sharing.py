"""Which tensors of a checkpoint lie in its files once under several names, and which share a storage."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .tree import CheckpointTree


class Sharing:
    """Of one tree; tensors that share nothing cost nothing."""

    def __init__(self, tree: CheckpointTree) -> None:
        self._tree = tree
        self._same: dict[object, list[int]] = {}
        self._storages: dict[object, list[int]] = {}
        if not tree.stored.shared:
            return
        for node in tree.tensors(0, len(tree)):
            tensor = tree.tensor(node)
            if tensor is not None and (storage := tensor.storage) is not None:
                self._storages.setdefault(storage, []).append(node)
                self._same.setdefault((storage, tensor.shape, tensor.place), []).append(node)

    def repeated(self) -> Iterator[tuple[int, int]]:
        """Neighbouring nodes of the very same values, in tree order."""
        for nodes in self._same.values():
            yield from pairwise(nodes)

    def same(self, node: int) -> list[str]:
        """The other paths of the very same values."""
        tensor = self._tree.tensor(node)
        if tensor is None or tensor.storage is None:
            return []
        return self._paths(self._same[tensor.storage, tensor.shape, tensor.place], {node})

    def overlapping(self, node: int) -> list[str]:
        """Paths of the other views of the same storage."""
        tensor = self._tree.tensor(node)
        if tensor is None or tensor.storage is None:
            return []
        return self._paths(
            self._storages[tensor.storage], {node, *self._same[tensor.storage, tensor.shape, tensor.place]}
        )

    def _paths(self, nodes: list[int], without: set[int]) -> list[str]:
        return [self._tree.path(node) for node in nodes if node not in without]
