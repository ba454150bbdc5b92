"""Which leaves the graphs of several tensors lead to, and which of the tensors lie within another's graph."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import get_gradient_edge

NODE_LIMIT = 10_000
"""Nodes that are looked at: torch overflows the stack when it frees a deep chain of nodes that Python has touched."""


class Reach(NamedTuple):
    """What can be reached from each of some tensors."""

    leaves: list[frozenset[int]]
    """Numbers of the leaves that each tensor's graph leads to: of the parameters, where there are such."""
    within: list[frozenset[int]]
    """Of each tensor, the indices of the others that lie within its graph, so that it was computed from them."""
    complete: bool
    """Whether the whole graph was looked at; otherwise there may be more leaves."""


def reach_of(tensors: Sequence[Tensor]) -> Reach:
    """Return which leaves are reached from each of `tensors`, all of which require gradients."""
    roots = [get_gradient_edge(tensor).node for tensor in tensors]
    nodes, complete = discovered(roots)
    leaf_number: dict[int, int] = {}
    parameters = 0
    starts: dict[int, int] = {}
    for index, root in enumerate(roots):
        starts[id(root)] = starts.get(id(root), 0) | 1 << index
    found: dict[int, tuple[int, int]] = {}
    """By identity of a node: the leaves at or below it, and the tensors whose nodes lie below it, as bits."""
    for node in nodes:
        variable = getattr(node, "variable", None)
        bit = 0
        if isinstance(variable, Tensor):
            number = leaf_number.setdefault(id(variable), len(leaf_number))
            bit = 1 << number
            if isinstance(variable, nn.Parameter):
                parameters |= bit
        leaves, inner = bit, 0
        for below, _ in node.next_functions:
            if below is not None and id(below) in found:
                more_leaves, more_inner = found[id(below)]
                leaves |= more_leaves
                inner |= more_inner | starts.get(id(below), 0)
        found[id(node)] = leaves, inner
    mask = parameters or -1
    both = [found.get(id(root), (0, 0)) for root in roots]
    return Reach([_bits(leaves & mask) for leaves, _ in both], [_bits(inner) for _, inner in both], complete)


def discovered(roots: Sequence[Any]) -> tuple[list[Any], bool]:
    """Return the nodes at and below `roots`, those below a node before it; and whether these are all."""
    known: dict[int, Any] = {id(root): root for root in roots}
    below: dict[int, list[Any]] = {}
    waiting = list(known.values())
    complete = True
    for node in waiting:  # breadth first: it grows
        below[id(node)] = []
        for next_node, _ in node.next_functions:
            if next_node is None:
                continue
            if id(next_node) not in known:
                if len(known) >= NODE_LIMIT:
                    complete = False
                    continue
                known[id(next_node)] = next_node
                waiting.append(next_node)
            below[id(node)].append(next_node)
    order: list[Any] = []
    done: set[int] = set()
    for root in roots:
        stack = [(root, False)]
        while stack:
            node, is_left = stack.pop()
            if is_left:
                order.append(node)
            elif id(node) not in done:
                done.add(id(node))
                stack.append((node, True))
                stack.extend((each, False) for each in below[id(node)] if id(each) not in done)
    return order, complete


def _bits(mask: int) -> frozenset[int]:
    return frozenset(index for index in range(mask.bit_length()) if mask >> index & 1)


def is_constant_sum(tensor: Tensor) -> bool:
    """Return whether the sum of `tensor` is the same whatever it was computed from: of softmax, of a normalisation.

    The gradient of such a sum is rounding noise.  Found by comparing it, a few operations back, with the gradient of a
    weighted sum; only where an operation near the end could be the cause.
    """
    if tensor.numel() < 2 or tensor.layout is not torch.strided or tensor.is_nested or not tensor.is_floating_point():
        return False
    try:
        edges, is_suspect = _edges_behind(tensor)
        if not is_suspect or not edges:
            return False
        of_sum = _norm(torch.autograd.grad([tensor], edges, [torch.ones_like(tensor)], True, allow_unused=True))
        weighted = _norm(torch.autograd.grad([tensor], edges, [wave(tensor)], True, allow_unused=True))
    except Exception:  # the graph cannot be gone through: the backward itself reports why
        return False
    return of_sum < min(64 * torch.finfo(tensor.dtype).eps, 0.02) * weighted


_NORMALISING = re.compile("SoftmaxBackward|(Layer|Batch|Group)NormBackward")


def constant_since(tensor: Tensor) -> str:
    """Return the operation behind which a scalar result is constant: `Softmax` of its sum; empty where it is not.

    Only where nothing but single steps lies between, such as a sum, a mean or a view.
    """
    try:
        node: Any = get_gradient_edge(tensor).node
        for _ in range(_NEAR):
            below = [each for each in node.next_functions if each[0] is not None]
            normalising = _NORMALISING.search(node.name())
            if normalising and "Log" not in node.name():
                return node.name().partition("Backward")[0] if _gives_nothing(tensor, node) else ""
            if len(below) != 1 or _is_custom(node) or tensor._backward_hooks:  # code of the user's would run once more
                return ""
            node = below[0][0]
    except Exception:  # the graph cannot be gone through: the backward itself reports why
        return ""
    return ""


def _gives_nothing(tensor: Tensor, node: Any) -> bool:
    """Return whether the gradient that comes to a node from `tensor` ends there, as one of other weights does not."""
    edge = torch.autograd.graph.GradientEdge
    below, number = node.next_functions[0]
    (arriving,) = torch.autograd.grad([tensor], [edge(node, 0)], retain_graph=True)
    passed = []
    for weights in (arriving, wave(arriving)):
        found = torch.autograd.grad([edge(node, 0)], [edge(below, number)], [weights], retain_graph=True)
        passed.append(_norm(found) / _norm([weights]))
    return passed[0] < min(64 * torch.finfo(arriving.dtype).eps, 0.02) * passed[1]


def wave(tensor: Tensor) -> Tensor:
    """Return the weights cos(0), cos(1), cos(2), … in the form of `tensor`: no sum with them is constant."""
    weights = torch.arange(tensor.numel(), dtype=torch.float64, device=tensor.device).cos()
    return weights.to(tensor.dtype).view(tensor.shape)


_SUSPECTS = ("Softmax", "Norm", "Sum", "Mean", "Logsumexp", "Var", "Std")
"""Words in the names of nodes that make a sum constant, or are part of doing so by hand."""
_ENDS = ("AccumulateGrad", "Addmm", "MmBackward", "Bmm", "Conv", "Embedding")
"""Words in the names of nodes past which such a sum is constant no more."""
_NEAR = 24
"""Nodes at the end of the graph that are looked at; what makes the sum constant is among the last operations."""


def _edges_behind(tensor: Tensor) -> tuple[list[Any], bool]:
    """Return the edges that lead out of the last operations of a graph, and whether a suspect is among these.

    Without a suspect no edges.
    """
    first = get_gradient_edge(tensor).node
    near: dict[int, Any] = {id(first): first}
    waiting: list[Any] = [first]
    traits: list[_Trait] = []
    for node in waiting:
        trait = _trait(node.name())
        traits.append(trait)
        if trait.normalises:
            continue  # what makes its sum constant shows behind it; further on lies half the network
        for below, _ in node.next_functions:
            if below is not None and len(near) < _NEAR and id(below) not in near and _is_followed(below):
                near[id(below)] = below
                waiting.append(below)
    # code of the user's would be called once more
    runs_code = _is_custom(first) or any(trait.is_hook for trait in traits) or bool(tensor._backward_hooks)
    if runs_code or not any(trait.is_suspect for trait in traits):
        return [], False
    edges = {
        (id(below), number): torch.autograd.graph.GradientEdge(below, number)
        for node in waiting
        for below, number in node.next_functions
        if below is not None and id(below) not in near
    }
    inner = {key: edge for key, edge in edges.items() if "AccumulateGrad" not in edge.node.name()}
    return list((inner or edges).values()), True  # a norm's own bias has a gradient all the same


class _Trait(NamedTuple):
    """What the name of a node says of its operation."""

    is_suspect: bool
    normalises: bool
    is_hook: bool
    """Whether it is there for a hook of the user's."""
    is_followed: bool
    """Whether a sum that is constant before it can be so after it: not past a layer's product."""


@lru_cache(maxsize=1024)
def _trait(name: str) -> _Trait:
    return _Trait(
        any(word in name for word in _SUSPECTS),
        _NORMALISING.search(name) is not None,
        "BackwardHook" in name,
        not any(word in name for word in _ENDS),
    )


def _is_followed(node: Any) -> bool:
    """Return whether a sum that is constant before this operation can be so after it."""
    return _trait(node.name()).is_followed and not _is_custom(node)


def _is_custom(node: object) -> bool:
    """Return whether the operation is of an `autograd.Function`, whose backward is Python code."""
    return isinstance(node, BackwardCFunction)


def _norm(gradients: Sequence[Tensor | None]) -> float:
    found = [each for each in gradients if each is not None]
    return math.hypot(*(float(torch.linalg.vector_norm(each, dtype=torch.float64)) for each in found))
