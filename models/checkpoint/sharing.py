"""The tensors of a checkpoint that lie in its files once under several names, or share a storage."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice, pairwise

from ..opened.node_facts import NO_MEMORY, SharedMemory
from ..tensors.extents import Extent, Overlaps
from .tree import CheckpointTree

ANYWHERE = Extent(0, ((2**62, 1),))
"""Of a tensor that may have any bytes of its storage."""


class Sharing:
    """The shared tensors of one tree.  Methods take a node's index."""

    def __init__(self, tree: CheckpointTree) -> None:
        self._tree = tree
        self._same: dict[object, list[int]] = {}
        self._storages: dict[object, list[int]] = {}
        self._overlaps: dict[object, tuple[list[int], Overlaps]] = {}
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
            firsts = self._firsts(nodes)
            if len(firsts) > 1:
                yield firsts

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

    def apart(self, node: int) -> tuple[list[str], list[str]]:
        """Return the same in two: those that view bytes of the tensor, and those beside it in its storage."""
        tensor = self._tree.tensor(node)
        others = self.overlapping(node)
        if tensor is None or not others:
            return [], []
        nodes, overlaps = self._in_storage(tensor.storage)
        own = bisect_left(nodes, self._same[tensor.entry][0])
        on = {path for place in overlaps.of(own) for path in self._same_paths(nodes[place])}
        return [path for path in others if path in on], [path for path in others if path not in on]

    def shared(self, node: int, limit: int) -> SharedMemory:
        """Return which other tensors view the bytes of one, else those that lie beside it in its storage.

        At most `limit` of them, in tree order.
        """
        tensor = self._tree.tensor(node)
        if tensor is None or tensor.storage is None:
            return NO_MEMORY
        nodes, overlaps = self._in_storage(tensor.storage)
        if len(nodes) < 2:
            return NO_MEMORY
        own = self._same[tensor.entry][0]
        on = [nodes[place] for place in islice(overlaps.of(bisect_left(nodes, own)), limit)]
        if on:
            return SharedMemory("overlap", [self._tree.path(each) for each in sorted(on)])
        return SharedMemory("beside", [self._tree.path(each) for each in nodes[: limit + 1] if each != own][:limit])

    def flat(self, nodes: list[int]) -> bool:
        """Return whether of the nodes that `storages` yields together none has a byte of another."""
        tensor = self._tree.tensor(nodes[0])
        return tensor is not None and not self._in_storage(tensor.storage)[1].any()

    def _in_storage(self, storage: object) -> tuple[list[int], Overlaps]:
        """Return the first node of each tensor of a storage, in tree order, and which of them overlap."""
        if storage not in self._overlaps:
            nodes = self._firsts(self._storages[storage])
            tensors = [self._tree.tensor(node) for node in nodes]
            extents = [None if tensor is None else tensor.extent for tensor in tensors]
            self._overlaps[storage] = nodes, Overlaps([each or ANYWHERE for each in extents])
        return self._overlaps[storage]

    def _same_paths(self, node: int) -> list[str]:
        return self._paths(self._same[self._entry(node)], set())

    def _firsts(self, nodes: list[int]) -> list[int]:
        return sorted({self._entry(node): node for node in reversed(nodes)}.values())

    def _paths(self, nodes: list[int], without: set[int]) -> list[str]:
        return [self._tree.path(node) for node in nodes if node not in without]
