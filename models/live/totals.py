"""Sums over every subtree of a network: parameters, trainable ones and bytes, each shared tensor once.

What is below a hidden module is not counted above it, as `parameters()` of the modules above does not lead there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch

from ..opened.node_facts import GroupFacts
from ..tensors.tensors import element_count, requires_grad, size_in_bytes
from ..tree.preorder_tree import SiblingGroup
from ..tree.subtree_sums import RepeatedNodes, SubtreeSums
from ..work.gc_paused import gc_paused
from .live_tree import LiveTree, Node


class _Part(NamedTuple):
    """The sums of a hidden module, or the root, without the hidden modules below it."""

    parameters: SubtreeSums
    trainable: SubtreeSums
    bytes: SubtreeSums
    unknown: SubtreeSums


class Totals:
    """The sums of one tree, as its tensors were when it was made.  Methods take the index of a node."""

    def __init__(self, tree: LiveTree) -> None:
        """Sum up `tree`."""
        self._tree = tree
        with gc_paused():
            self._part_of = _parts(tree)
            memory, *self._sizes = _sizes(tree.nodes)
            self._memory = SubtreeSums(memory, RepeatedNodes(tree.parents, tree.ends, _repeated(tree.nodes)))
            self._parts = {part: self._sums_of(members) for part, members in _members(self._part_of).items()}
            self._hidden_groups: dict[SiblingGroup, _Part] = {}

    def _sums_of(self, members: Sequence[int] | None) -> _Part:
        """Return the sums of some nodes of the tree, ascending; None for all."""
        tree = self._tree
        nodes = tree.nodes if members is None else [tree.nodes[index] for index in members]
        pairs = _repeated(node for node in nodes if _counts(node))
        repeated = RepeatedNodes(tree.parents, tree.ends, pairs)
        return _Part(*(SubtreeSums(column, repeated, members) for column in self._sizes))

    def parameters(self, node: int) -> int:
        """Return the elements of the parameters at or below, as `sum(p.numel() for p in module.parameters())` does."""
        return self._parts[self._part_of[node]].parameters.of(node)

    def trainable(self, node: int) -> int:
        """Return the elements of the parameters at or below that have `requires_grad`."""
        return self._parts[self._part_of[node]].trainable.of(node)

    def bytes(self, node: int) -> int:
        """Return the bytes of the parameters at or below, those of hidden modules below excepted."""
        return self._parts[self._part_of[node]].bytes.of(node)

    def module_bytes(self, node: int) -> int:
        """Return the bytes of the parameters at or below; where there are none, of all tensors."""
        return self.bytes(node) if self.parameters(node) else self.memory(node)

    def memory(self, node: int) -> int:
        """Return the bytes of all tensors at or below: buffers, constants and hidden modules too."""
        return self._memory.of(node)

    def unknown(self, node: int) -> int:
        """Return the number of parameters at or below that have no size yet (lazy ones)."""
        return self._parts[self._part_of[node]].unknown.of(node)

    def of_group(self, group: SiblingGroup) -> GroupFacts:
        """Return the sums over all siblings of a group; None each while a lazy parameter among them has no size."""
        part, first, end = self._part_of_group(group), group.first, group.end
        if part.unknown.of_siblings(first, end):
            return GroupFacts(None, None, None)
        parameters = part.parameters.of_siblings(first, end)
        sums = part.bytes if parameters else self._memory
        return GroupFacts(parameters, sums.of_siblings(first, end), part.trainable.of_siblings(first, end))

    def _part_of_group(self, group: SiblingGroup) -> _Part:
        """Return the sums in which the siblings of a group are; hidden ones, each of which is a part, in one."""
        if self._tree.nodes[group.first].kind != "hidden":
            return self._parts[self._part_of[group.first]]
        if group not in self._hidden_groups:
            siblings = set(self._tree.members(group))
            members = [node for node in range(group.first, group.end) if self._part_of[node] in siblings]
            self._hidden_groups[group] = self._sums_of(members)
        return self._hidden_groups[group]


def _sizes(nodes: Sequence[Node]) -> tuple[list[int], ...]:
    """Return columns by node: bytes; of parameters elements, trainable elements, bytes, 1 if the size is unknown."""
    memory, parameters, trainable, taken, unknown = columns = tuple([0] * len(nodes) for _ in range(5))
    for index, node in enumerate(nodes):
        tensor = node.item
        if not isinstance(tensor, torch.Tensor):
            continue
        memory[index] = size = size_in_bytes(tensor) or 0
        if _counts(node):
            count = element_count(tensor)
            if count is None:
                unknown[index] = 1
                continue
            parameters[index], taken[index] = count, size
            trainable[index] = count if requires_grad(tensor) else 0
    return columns


def _counts(node: Node) -> bool:
    """Return whether it is a parameter that its module's `parameters()` has."""
    return node.kind == "parameter" and not node.plain


def _parts(tree: LiveTree) -> list[int]:
    """Return for each node the index of the nearest hidden module at or above it, or 0."""
    part = [0] * len(tree)
    for node in tree.nodes[1:]:
        part[node.index] = node.index if node.kind == "hidden" else part[tree.parents[node.index]]
    return part


def _members(part_of: list[int]) -> Mapping[int, list[int] | None]:
    """Return the nodes of each part, ascending; None for all of them."""
    if not any(part_of):
        return {0: None}
    members: dict[int, list[int]] = {}
    for index, part in enumerate(part_of):
        members.setdefault(part, []).append(index)
    return dict(members)


def _repeated(nodes: Iterable[Node]) -> list[tuple[int, int]]:
    """Return pairs of successive nodes that are the same tensor."""
    last: dict[int, int] = {}
    pairs = []
    for node in nodes:
        if node.names and node.is_tensor:
            before = last.get(id(node.item))
            if before is not None:
                pairs.append((before, node.index))
            last[id(node.item)] = node.index
    return pairs
