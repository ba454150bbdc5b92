"""The tensors of a checkpoint that lie in its files once under several names, or share a storage."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .tree import CheckpointTree


class Sharing:
    """The shared tensors of one tree.  Methods take a node's index."""

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
                self._same.setdefault(tensor.entry, []).append(node)

    def repeated(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of consecutive nodes of the same tensor, in tree order."""
        for nodes in self._same.values():
            yield from pairwise(nodes)

    def tied(self) -> Iterator[list[int]]:
        """Yield the nodes of each tensor that has several names, in tree order."""
        return (nodes for nodes in self._same.values() if len(nodes) > 1)

    def storages(self) -> Iterator[list[int]]:
        """Yield of each storage that several tensors view the first node of each of them, in tree order."""
        for nodes in self._storages.values():
            firsts = {self._entry(node): node for node in reversed(nodes)}
            if len(firsts) > 1:
                yield sorted(firsts.values())

    def _entry(self, node: int) -> object:
        tensor = self._tree.tensor(node)
        return None if tensor is None else tensor.entry

    def same(self, node: int) -> list[str]:
        """Return the other paths of the same tensor (`Stored.entry`)."""
        tensor = self._tree.tensor(node)
        if tensor is None or (entry := tensor.entry) is None:
            return []
        return self._paths(self._same[entry], {node})

    def overlapping(self, node: int) -> list[str]:
        """Return the paths of other tensors that view the same storage."""
        tensor = self._tree.tensor(node)
        if tensor is None or tensor.storage is None:
            return []
        return self._paths(self._storages[tensor.storage], {node, *self._same[tensor.entry]})

    def _paths(self, nodes: list[int], without: set[int]) -> list[str]:
        return [self._tree.path(node) for node in nodes if node not in without]
