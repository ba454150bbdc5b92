"""The tree of a checkpoint, inferred from the names of its tensors."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Literal

from ..stored.checkpoint import Checkpoint, Item
from ..stored.stored import Stored, StoredKind
from ..work.gc_paused import gc_paused
from .build_tree import MODULE, TreeArrays, build_tree
from .dotted_tree import DottedTree
from .kinds import inferred_kinds

_NO_PARAMETERS = ("buffer", "state", "constant")

Leaf = Stored | Item
"""A node without children."""


class CheckpointTree(DottedTree):
    """The nodes of a checkpoint: 0 is the root, every other a module (a part of names) or a leaf."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.stored = checkpoint.columns
        self.items = checkpoint.items
        self._tensor_count = len(self.stored)
        with gc_paused():
            paths = [*self.stored.paths, *(item.path for item in self.items)]
            arrays = _with_bare(paths, checkpoint) if checkpoint.bare else build_tree(paths, checkpoint.ordered)
            super().__init__(arrays)  # whose indices count the tensors, then the items
            self._kinds = inferred_kinds(self)

    def signatures(self) -> list[object]:
        """Return what nodes of one structure have in common: a shape, None for an item, False for a module."""
        known: list[object] = [*self.stored.shapes, *[None] * len(self.items), False]  # the last one for modules
        return [known[index] for index in self.indices]

    def leaf(self, node: int) -> Leaf | None:
        """Return the tensor or item at a node; None for a module."""
        index = self.indices[node]
        if index == MODULE:
            return None
        return self.stored[index] if index < self._tensor_count else self.items[index - self._tensor_count]

    def tensor(self, node: int) -> Stored | None:
        """Return the tensor at a node; None for a module or an item."""
        index = self.indices[node]
        return self.stored[index] if 0 <= index < self._tensor_count else None

    def tensors(self, start: int, stop: int) -> list[int]:
        """Return the nodes from `start` to `stop` that are tensors."""
        count = self._tensor_count
        return [node for node, index in enumerate(self.indices[start:stop], start) if 0 <= index < count]

    def others(self) -> list[int]:
        """Return the tensor nodes that are no parameters: buffers, constants and optimizer state."""
        if not self.stored.has_roles:  # of a million tensors none is made for this
            return sorted(node for node, kind in self._kinds.items() if kind in _NO_PARAMETERS)
        nodes = range(len(self))
        return [node for node in nodes if self.indices[node] != MODULE and self.kind(node) in _NO_PARAMETERS]

    def state(self, start: int, stop: int) -> list[int]:
        """Return the nodes from `start` to `stop` that are tensors of no network: optimizer state and the like."""
        if not self.stored.has_roles:
            return sorted(node for node, kind in self._kinds.items() if kind == "state" and start <= node < stop)
        return [node for node in self.tensors(start, stop) if self.kind(node) == "state"]

    def kind(self, node: int) -> Literal["module", "item"] | StoredKind:
        """Return what a node is; a tensor's role is inferred where the file does not record it: see `kinds`."""
        return self.kind_of(node, self.leaf(node))

    def kind_of(self, node: int, leaf: Leaf | None) -> Literal["module", "item"] | StoredKind:
        """Return what a node is whose leaf is at hand; see `kind`."""
        if leaf is None:
            return "module"
        if isinstance(leaf, Item):
            return "item"
        return leaf.kind or self._kinds.get(node, "parameter")


def _with_bare(paths: list[str], checkpoint: Checkpoint) -> TreeArrays:
    """Return the tree of `paths` and of the modules in which there is nothing, each where it stands in the file."""
    before: list[str] = []
    indices: list[int] = []
    at = 0
    for path, tensors in checkpoint.bare:
        before += paths[at:tensors]
        indices += range(at, tensors)
        before.append(path)
        indices.append(MODULE)
        at = tensors
    arrays = build_tree([*before, *paths[at:]], checkpoint.ordered)
    indices += range(at, len(paths))
    own = array("i", [MODULE if index == MODULE else indices[index] for index in arrays.indices])
    return replace(arrays, indices=own)
