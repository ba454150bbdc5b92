"""Sums over every subtree of a checkpoint: parameters and bytes, what is stored once counted once."""

from __future__ import annotations

from dataclasses import dataclass

from .laying_out import MODULE
from .sharing import Sharing
from .tree import CheckpointTree


@dataclass(slots=True, frozen=True)
class CheckpointTotals:
    """Lists by node."""

    parameters: list[int]
    """Elements of the parameters at or below; no buffers and no optimizer state."""
    memory: list[int]
    """Bytes of all tensors at or below, in the file."""
    own: int
    """Bytes of all parameters."""
    modules: int
    """Modules in the whole tree, the root included."""

    @classmethod
    def of(cls, tree: CheckpointTree, sharing: Sharing) -> CheckpointTotals:
        """Sum up a tree."""
        parameters, memory = [0] * len(tree), [0] * len(tree)
        own = 0
        nodes = tree.tensors(0, len(tree))
        for node in nodes:
            tensor = tree.tensor(node)
            assert tensor is not None
            memory[node] = tensor.nbytes
            if tree.kind(node) == "parameter":
                parameters[node] = tensor.elements
                own += tensor.nbytes
        for before, node in sharing.repeated():  # once where the two meet, and above
            meeting = before
            while not meeting <= node < tree.ends[meeting]:
                meeting = tree.parents[meeting]
            own -= memory[node] if parameters[node] else 0
            memory[meeting] -= memory[node]
            parameters[meeting] -= parameters[node]
        parents = tree.parents
        for node in range(len(tree) - 1, 0, -1):
            parent = parents[node]
            parameters[parent] += parameters[node]
            memory[parent] += memory[node]
        return cls(parameters, memory, own, sum(leaf == MODULE for leaf in tree.numbers))
