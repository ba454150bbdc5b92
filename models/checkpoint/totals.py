"""Sums over every subtree of a checkpoint: parameters and bytes, what is stored once counted once."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import prod

from .build_tree import MODULE
from .sharing import Sharing
from .tree import CheckpointTree


class CheckpointTotals:
    """Sums from the front over all nodes, so that a subtree's is a difference."""

    def __init__(self, tree: CheckpointTree, sharing: Sharing) -> None:
        tensors, numbers = tree.stored, tree.numbers
        self._ends = tree.ends
        nothing = [0] * (len(tree.items) + 1)  # the last one for modules
        sizes = [*tensors.sizes, *nothing]
        self._bytes = [sizes[number] for number in numbers]
        shapes = tensors.shapes
        known = {shape: prod(shape) for shape in set(shapes)}
        counts = [*(known[shape] for shape in shapes), *nothing]
        self._elements = [counts[number] for number in numbers]
        for node in tree.others():
            self._elements[node] = 0
        own = sum(size for size, elements in zip(self._bytes, self._elements, strict=True) if elements)
        self._twice = sorted(sharing.repeated())
        own -= sum(self._bytes[node] for _, node in self._twice if self._elements[node])
        self.own = own
        """Bytes of all parameters."""
        self.modules = tree.numbers.count(MODULE)
        """Modules in the whole tree, the root included."""
        self._elements_before = list(accumulate(self._elements, initial=0))
        self._bytes_before = list(accumulate(self._bytes, initial=0))

    def parameters(self, node: int) -> int:
        """Elements of the parameters at or below; no buffers and no optimizer state."""
        return self._sum(node, self._elements, self._elements_before)

    def memory(self, node: int) -> int:
        """Bytes of all tensors at or below, in the file."""
        return self._sum(node, self._bytes, self._bytes_before)

    def _sum(self, node: int, each: list[int], before: list[int]) -> int:
        end = self._ends[node]
        # a pair of neighbouring names of one tensor that both lie below: one of them is too many
        pairs = self._twice[bisect_left(self._twice, (node, 0)) : bisect_left(self._twice, (end, 0))]
        twice = sum(each[second] for _, second in pairs if second < end)
        return before[end] - before[node] - twice
