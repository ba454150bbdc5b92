"""The classes of a checkpoint's modules: what its file tells, or else what can be told from the tensors."""

from __future__ import annotations

from ..stored.checkpoint import Checkpoint
from .inference import Children, Inferred, Leaf, infer
from .tree import CheckpointTree

MOST_CHILDREN = 4096
"""Modules with more children than a network's ever have are not looked into."""


class Classes:
    """Inferred when they are asked for, and kept."""

    def __init__(self, checkpoint: Checkpoint, tree: CheckpointTree) -> None:
        self._told = checkpoint.classes
        self._tree = tree
        self._kept: dict[int, Inferred | None] = {}

    def text(self, node: int) -> tuple[str, bool]:
        """What stands beside a module, and whether it is inferred: `Linear 4 → 8`."""
        told = self._told.get(self._tree.path(node)) if self._told else None
        inferred = self._inferred(node)
        if told is not None:
            return told, False
        return (inferred.text, True) if inferred is not None else ("", False)

    def name(self, node: int) -> tuple[str | None, bool]:
        """The class alone, None where nobody knows, and whether it is inferred."""
        told = self._told.get(self._tree.path(node)) if self._told else None
        if told is not None:
            return told, False
        inferred = self._inferred(node)
        return (inferred.class_name, True) if inferred is not None else (None, False)

    def _inferred(self, node: int) -> Inferred | None:
        if node not in self._kept:
            self._kept[node] = self._infer(node)
        return self._kept[node]

    def _is_state(self, node: int) -> bool:
        """Whether what lies below is an optimizer's, going by the first of it."""
        tree = self._tree
        while tree.counts[node]:
            node += 1
        tensor = tree.tensor(node)
        return tensor is None or tensor.kind == "state"

    def _of_child(self, node: int) -> Inferred | str | None:
        told = self._told.get(self._tree.path(node)) if self._told else None
        return told or self._inferred(node)

    def _infer(self, node: int) -> Inferred | None:
        tree = self._tree
        if not node or tree.counts[node] > MOST_CHILDREN or self._is_state(node):
            return None
        own: dict[str, Leaf] = {}
        nodes: dict[str, int] = {}
        for child in tree.children(node):
            tensor = tree.tensor(child)
            if tensor is not None:
                own[tree.names[child]] = Leaf(tensor.shape, tensor.dtype.name)
            elif tree.leaf(child) is None:
                nodes[tree.names[child]] = child
        return infer(tree.names[node], own, Children(nodes, self._of_child))
