"""Sums over every subtree: parameters, trainable ones and bytes, each shared tensor once.

A tensor with several names below a module must count once there, once at the root, and once in each part that holds
it.  Each occurrence is added at its own place and once subtracted where two neighbouring occurrences meet; sums then
run up the tree in one pass, linear in the number of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..tensors.tensors import elements, requires_grad, size_in_bytes
from ..work.gc_paused import gc_paused
from .outline import Node, Outline


@dataclass(slots=True, frozen=True)
class Totals:
    """Lists by node index.  What a tensor node tells is its own size, whatever its kind."""

    parameters: list[int]
    """Elements of the parameters at or below, as `sum(p.numel() for p in module.parameters())` counts them: those of
    a hidden module below are not among them."""
    trainable: list[int]
    """The same of those with `requires_grad`."""
    bytes: list[int]
    """Bytes of the same parameters."""
    memory: list[int]
    """Bytes of all tensors at or below: buffers, constants and hidden modules too."""
    unknown: list[int]
    """How many parameters at or below have no size yet (lazy ones)."""

    @classmethod
    def of(cls, outline: Outline) -> Totals:
        """Sum up `outline`, as its tensors are now."""
        with gc_paused():
            return cls(*_sums(outline.nodes))


def _sums(nodes: list[Node]) -> tuple[list[int], ...]:
    part = _parts(nodes)
    parameters, trainable, taken, memory, unknown = sums = tuple([0] * len(nodes) for _ in range(5))
    weights: dict[int, tuple[int, int, int]] = {}
    last: dict[tuple[int, int], Node] = {}
    last_of_all: dict[int, Node] = {}
    for node in nodes:  # each occurrence at its own place
        tensor = node.item
        if not isinstance(tensor, torch.Tensor):
            continue
        index, identity = node.index, id(tensor)
        weight = weights.get(identity)
        if weight is None:
            count = elements(tensor)
            weight = weights[identity] = (count or 0, size_in_bytes(tensor) or 0, int(count is None))
        registered = node.kind == "parameter"
        learns = registered and requires_grad(tensor)
        meeting = outer = -1
        if node.names:
            before = last_of_all.get(identity)
            if before is not None:
                outer = _meeting(nodes, before, node)
            last_of_all[identity] = node
            if registered:
                before = last.get((part[index], identity))
                if before is not None:
                    meeting = _meeting(nodes, before, node)
                last[part[index], identity] = node
        count, size, missing = weight
        memory[index] += size
        if outer >= 0:
            memory[outer] -= size
        if registered:
            for at, sign in ((index, 1), (meeting, -1)):
                if at >= 0:
                    parameters[at] += sign * count
                    taken[at] += sign * size
                    unknown[at] += sign * missing
                    if learns:
                        trainable[at] += sign * count
    for index in range(len(nodes) - 1, 0, -1):
        parent = nodes[index].parent
        memory[parent] += memory[index]
        if part[index] == part[parent]:
            parameters[parent] += parameters[index]
            trainable[parent] += trainable[index]
            taken[parent] += taken[index]
            unknown[parent] += unknown[index]
    return sums


def _parts(nodes: list[Node]) -> list[int]:
    """For each node the index of the nearest hidden module at or above it, or 0: sums stop there."""
    part = [0] * len(nodes)
    for node in nodes[1:]:
        part[node.index] = node.index if node.kind == "hidden" else part[node.parent]
    return part


def _meeting(nodes: list[Node], a: Node, b: Node) -> int:
    """Index of the lowest node above both (`a` before `b`)."""
    while not a.index <= b.index < a.end:
        a = nodes[a.parent]
    return a.index
