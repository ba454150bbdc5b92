"""Whether parameters have a gradient yet, told cheaply for a page of rows.

`None` is not zero: a parameter that no backward pass has reached has no gradient at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch

from ..tensors.absence import is_wrapper
from ..tensors.tensors import requires_grad
from .gradient_access import GRADIENTS, UNREAD, Gradient
from .outline import Node

State = Literal["", "none", "zero", "value"]

ZERO_LIMIT = 65_536
"""Elements up to which a gradient is looked at for being all zero."""


def gradient_states(nodes: Sequence[Node]) -> list[State]:
    """The states that `states_and_note` gives."""
    return states_and_note(nodes)[0]


def states_and_note(nodes: Sequence[Node]) -> tuple[list[State], str]:
    """One state a node, and of when they are where that is not now.

    Empty unless it is a trainable parameter, or while nobody knows; `none` without a gradient, `zero` when all of its
    at most 65,536 elements are zero, otherwise `value`.

    The gradients are looked at together: while a forward run goes on, each single torch call may wait for Python.
    """
    states: list[State] = [""] * len(nodes)
    asked = [(number, node.item) for number, node in enumerate(nodes) if _can_have(node)]
    gradients, note = GRADIENTS.take([item for _, item in asked if isinstance(item, torch.Tensor)])
    groups: dict[object, list[tuple[int, torch.Tensor]]] = {}
    for (number, _), gradient in zip(asked, gradients, strict=True):
        states[number] = state = _quick(gradient)
        if state == "value" and isinstance(gradient, torch.Tensor) and _is_small(gradient):
            groups.setdefault((gradient.dtype, gradient.device), []).append((number, gradient))
    for group in groups.values():
        for (number, _), is_zero in zip(group, _all_zero([gradient for _, gradient in group]), strict=True):
            if is_zero:
                states[number] = "zero"
    return states, note


def _can_have(node: Node) -> bool:
    return node.kind == "parameter" and isinstance(node.item, torch.Tensor) and requires_grad(node.item)


def _quick(gradient: Gradient) -> State:
    if gradient is UNREAD:
        return ""
    if gradient is None:
        return "none"
    assert isinstance(gradient, torch.Tensor)
    return "zero" if gradient.layout is torch.strided and gradient.numel() == 0 else "value"


def _is_small(gradient: torch.Tensor) -> bool:
    if is_wrapper(gradient):  # of one that lies on several ranks the others are not known here
        return False
    return gradient.layout is torch.strided and not gradient.is_meta and gradient.numel() <= ZERO_LIMIT


def _all_zero(gradients: list[torch.Tensor]) -> list[bool]:
    try:
        with torch.no_grad():
            largest = torch.stack(torch._foreach_norm(gradients, float("inf")))
            return [not value for value in (largest != 0).tolist()]  # NaN differs from 0 as well
    except Exception:  # a dtype without norms, such as float8: it counts as a value
        return [False] * len(gradients)
