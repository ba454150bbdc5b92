"""Memory shared between different tensor objects: views and slices of one storage.

For one object under several names see `Node.shared_with`.  Storages are compared by their identity in C++,
never by the address of the data: on the meta device every address is 0.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..opened.node_facts import NO_MEMORY, SharedMemory
from ..tensors.distributed import local_part
from ..tensors.extents import Extent, Overlaps, extent_of
from ..tensors.plainly import plain, plainly
from ..work.gc_paused import gc_paused
from .live_tree import LiveTree, Node

_USES = getattr(torch._C, "_storage_Use_Count", None)
"""Counts who holds a storage; None in a torch that has no such function."""
_LONE = torch.empty(1, device="cpu")
"""Has its memory for itself."""


class MemoryPlace(NamedTuple):
    """Where a tensor lies."""

    storage: int
    """The identity of its storage."""
    whole: int
    """Bytes of that."""
    extent: Extent
    """The bytes that are the tensor's own."""


@plainly
def memory_of(tensor: Tensor) -> MemoryPlace | None:
    """Return where a tensor lies, a distributed one on this rank; None for what has no storage."""
    try:
        bare = local_part(plain(tensor))
        storage, size = bare.untyped_storage(), bare.element_size()
        first = int(bare.storage_offset()) * size
        if bare.is_contiguous():
            extent = Extent(first, ((bare.numel() * size, 1),))
        else:
            extent = extent_of(first, bare.shape, bare.stride(), size)
        return MemoryPlace(int(storage._cdata), storage.nbytes(), extent)
    except Exception:  # sparse, nested and lazy tensors and foreign subclasses have no storage
        return None


def storage_twins(tree: LiveTree, node: Node) -> tuple[str, ...]:
    """Return the paths of the other tensor objects that lie in the storage of `node`'s tensor, in tree order."""
    return StorageTwins(tree).of(node)


class StorageTwins:
    """The storages of a whole tree, looked at once: its methods answer for any of its nodes."""

    @plainly
    def __init__(self, tree: LiveTree) -> None:
        self._groups: dict[int, list[Node]] = {}
        self._storages: dict[int, int] = {}
        """By identity of a tensor."""
        self._overlaps: dict[int, tuple[list[Node], dict[int, int], Overlaps]] = {}
        """By storage: its tensors, each once, the place of each there by identity, and which of them overlap."""
        with gc_paused():
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

    def apart(self, node: Node) -> tuple[list[str], list[str]]:
        """Return the same in two: those on elements of the node's tensor, and those beside them in its memory."""
        storage = self._storages.get(id(node.item))
        if storage is None or len(self._groups[storage]) < 2:
            return [], []
        nodes, places, overlaps = self._in_storage(storage)
        own = places.get(id(node.item))
        on = set() if own is None else {id(nodes[place].item) for place in overlaps.of(own)}
        others = [each for each in self._groups[storage] if each.item is not node.item]
        return (
            [each.path for each in others if id(each.item) in on],
            [each.path for each in others if id(each.item) not in on],
        )

    def shared(self, node: Node, limit: int) -> SharedMemory:
        """Return who else lies in the memory of a node's tensor: those on its own elements, else those beside them.

        At most `limit` of them, in tree order.
        """
        storage = self._storages.get(id(node.item))
        if storage is None or len(self._groups[storage]) < 2:
            return NO_MEMORY
        nodes, places, overlaps = self._in_storage(storage)
        own = places.get(id(node.item))
        if own is None or len(nodes) < 2:
            return NO_MEMORY
        on = [nodes[place] for place in islice(overlaps.of(own), limit)]
        if on:
            return SharedMemory("overlap", [each.path for each in sorted(on, key=lambda each: each.index)])
        beside = (each.path for each in nodes if each.item is not node.item)
        return SharedMemory("beside", list(islice(beside, limit)))

    def _in_storage(self, storage: int) -> tuple[list[Node], dict[int, int], Overlaps]:
        if storage not in self._overlaps:
            with gc_paused():
                every = {id(each.item): each for each in reversed(self._groups[storage])}
                found = [(node, memory_of(node.item)) for node in reversed(every.values())]  # type: ignore[arg-type]
                nodes = [node for node, memory in found if memory is not None]
                places = {id(node.item): place for place, node in enumerate(nodes)}
                overlaps = Overlaps([memory.extent for _, memory in found if memory is not None])
            self._overlaps[storage] = nodes, places, overlaps
        return self._overlaps[storage]


@plainly
def may_share_memory(tensor: Tensor) -> bool:
    """Return whether something else may lie in the memory of a tensor, at once: False where nothing holds it as well.

    Also what is kept for a backward holds a memory, so True says little.
    """
    if _USES is None or type(tensor) not in (Tensor, nn.Parameter):
        return True
    storage, lone = _storage(tensor), _storage(_LONE)
    return storage is not None and _USES(storage) > _USES(lone)


def _storage(item: object) -> int | None:
    try:
        if type(item) is nn.Parameter or type(item) is Tensor:  # at an eighth of the cost
            return int(item.untyped_storage()._cdata)
        return int(local_part(item).untyped_storage()._cdata) if isinstance(item, Tensor) else None
    except Exception:  # sparse, nested and lazy tensors and foreign subclasses have no storage
        return None
