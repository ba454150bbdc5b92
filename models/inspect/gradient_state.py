"""Whether parameters have a gradient yet, told cheaply for a page of rows.

`None` is not zero: a parameter that no backward pass has reached has no gradient at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch

from .outline import Node

State = Literal["", "none", "zero", "value"]

ZERO_LIMIT = 65_536
"""Elements up to which a gradient is looked at for being all zero."""


def gradient_states(nodes: Sequence[Node]) -> list[State]:
    """One state a node: empty unless it is a trainable parameter, `none` without a gradient, `zero` when all of its at
    most 65,536 elements are zero, otherwise `value`.

    The gradients are looked at together: while a forward run goes on, each single torch call may wait for Python.
    """
    states = [_quick(node) for node in nodes]
    groups: dict[object, list[tuple[int, torch.Tensor]]] = {}
    for number, state in enumerate(states):
        if state == "value":
            gradient = _gradient(nodes[number])
            if gradient is not None and _is_small(gradient):
                groups.setdefault((gradient.dtype, gradient.device), []).append((number, gradient))
    for group in groups.values():
        for (number, _), is_zero in zip(group, _all_zero([gradient for _, gradient in group]), strict=True):
            if is_zero:
                states[number] = "zero"
    return states


def _quick(node: Node) -> State:
    if node.kind != "parameter" or not isinstance(node.item, torch.Tensor) or not node.item.requires_grad:
        return ""
    gradient = _gradient(node)
    if gradient is None:
        return "none"
    return "zero" if gradient.layout is torch.strided and gradient.numel() == 0 else "value"


def _gradient(node: Node) -> torch.Tensor | None:
    assert isinstance(node.item, torch.Tensor)
    return node.item.grad if node.item.is_leaf else None


def _is_small(gradient: torch.Tensor) -> bool:
    return gradient.layout is torch.strided and not gradient.is_meta and gradient.numel() <= ZERO_LIMIT


def _all_zero(gradients: list[torch.Tensor]) -> list[bool]:
    try:
        with torch.no_grad():
            largest = torch.stack(torch._foreach_norm(gradients, float("inf")))
            return [not value for value in (largest != 0).tolist()]  # NaN differs from 0 as well
    except Exception:  # a dtype without norms, such as float8: it counts as a value
        return [False] * len(gradients)
