"""Sums over every subtree of a checkpoint: parameters and bytes, shared tensors counted once."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from ..opened.node_facts import GroupFacts
from ..tree.preorder_tree import SiblingGroup
from ..tree.subtree_sums import RepeatedNodes, SubtreeSums
from .build_tree import MODULE
from .sharing import Sharing
from .tree import CheckpointTree


class Amounts(NamedTuple):
    """How much some tensors are."""

    tensors: int
    elements: int
    bytes: int


class CheckpointTotals:
    """The sums of one tree.  Methods take a node's index."""

    def __init__(self, tree: CheckpointTree, sharing: Sharing) -> None:
        tensors, indices = tree.stored, tree.indices
        nothing = [0] * (len(tree.items) + 1)  # the last one for modules
        sizes = [*tensors.sizes, *nothing]
        bytes_of = [sizes[index] for index in indices]
        shapes = tensors.shapes
        known = {shape: prod(shape) for shape in set(shapes)}
        counts = [*(known[shape] for shape in shapes), *nothing]
        elements = [counts[index] for index in indices]
        self._tree = tree
        for node in tree.others():
            elements[node] = 0
        parameter_bytes = sum(size for size, count in zip(bytes_of, elements, strict=True) if count)
        repeated = list(sharing.repeated())
        self.parameter_bytes = parameter_bytes - sum(bytes_of[second] for _, second in repeated if elements[second])
        """Bytes of all parameters, each shared one once."""
        self.modules = indices.count(MODULE)
        """Modules in the whole tree, the root included."""
        meetings = RepeatedNodes(tree.parents, tree.ends, repeated)
        self._elements = SubtreeSums(elements, meetings)
        self._bytes = SubtreeSums(bytes_of, meetings)
        own = [size if count else 0 for size, count in zip(bytes_of, elements, strict=True)]
        self._own_bytes = self._bytes if own == bytes_of else SubtreeSums(own, meetings)

    def parameters(self, node: int) -> int:
        """Return the elements of the parameters at or below a node; no buffers and no optimizer state."""
        return self._elements.of(node)

    def bytes(self, node: int) -> int:
        """Return the bytes in the file of those parameters; where there are none below, of all tensors."""
        return self._own_bytes.of(node) if self._elements.of(node) else self._bytes.of(node)

    def memory(self, node: int) -> int:
        """Return the bytes in the file of all tensors at or below a node."""
        return self._bytes.of(node)

    def state(self, node: int) -> Amounts:
        """Return what is not the network's own at or below a node: optimizer state, averages, random state."""
        tree = self._tree
        nodes = tree.state(node, tree.ends[node])
        tensors = [tensor for each in nodes if (tensor := tree.tensor(each)) is not None]
        return Amounts(len(tensors), sum(each.elements for each in tensors), sum(each.nbytes for each in tensors))

    def of_group(self, group: SiblingGroup) -> GroupFacts:
        """Return the parameters and bytes of repeated siblings together, shared tensors counted once."""
        first, end = group.first, group.end
        elements = self._elements.of_siblings(first, end)
        sums = self._own_bytes if elements else self._bytes
        return GroupFacts(elements, sums.of_siblings(first, end), None)
