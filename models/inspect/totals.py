"""Sums over every subtree: parameters, trainable ones and bytes, each shared tensor once.

A tensor with several names below a module must count once there, once at the root, and once in each part that holds
it.  Each occurrence is added at its own place and once subtracted where two neighbouring occurrences meet; sums then
run up the tree in one pass, linear in the number of nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from .outline import Node, Outline
from .tensors import elements, size_in_bytes


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
        nodes = outline.nodes
        part = _parts(nodes)
        tensors = [node for node in nodes if node.is_tensor]
        parameters = [node for node in tensors if node.kind == "parameter"]
        trainable = [node for node in parameters if _tensor(node).requires_grad]

        def registered(chosen: list[Node], weigh: Callable[[torch.Tensor], int]) -> list[int]:
            return _sums(nodes, chosen, weigh, part)

        return cls(
            parameters=registered(parameters, lambda tensor: elements(tensor) or 0),
            trainable=registered(trainable, lambda tensor: elements(tensor) or 0),
            bytes=registered(parameters, lambda tensor: size_in_bytes(tensor) or 0),
            memory=_sums(nodes, tensors, lambda tensor: size_in_bytes(tensor) or 0, [0] * len(nodes)),
            unknown=registered(parameters, lambda tensor: int(elements(tensor) is None)),
        )


def _tensor(node: Node) -> torch.Tensor:
    assert isinstance(node.item, torch.Tensor)
    return node.item


def _parts(nodes: list[Node]) -> list[int]:
    """For each node the index of the nearest hidden module at or above it, or 0: sums stop there."""
    part = [0] * len(nodes)
    for node in nodes[1:]:
        part[node.index] = node.index if node.kind == "hidden" else part[node.parent]
    return part


def _sums(nodes: list[Node], chosen: list[Node], weigh: Callable[[torch.Tensor], int], part: list[int]) -> list[int]:
    sums = [0] * len(nodes)
    last: dict[tuple[int, int], Node] = {}
    weights: dict[int, int] = {}
    for node in chosen:  # in preorder
        identity = id(node.item)
        weight = weights.get(identity)
        if weight is None:
            weight = weights[identity] = weigh(_tensor(node))
        sums[node.index] += weight
        if node.names:
            key = part[node.index], identity
            before = last.get(key)
            if before is not None:
                sums[_meeting(nodes, before, node)] -= weight
            last[key] = node
    for node in reversed(nodes[1:]):
        if part[node.index] == part[node.parent]:
            sums[node.parent] += sums[node.index]
    return sums


def _meeting(nodes: list[Node], a: Node, b: Node) -> int:
    """Index of the lowest node above both (`a` before `b`)."""
    while not a.index <= b.index < a.end:
        a = nodes[a.parent]
    return a.index
