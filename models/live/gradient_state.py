"""Whether parameters have a gradient yet, found out cheaply for a page of rows.

`None` is not zero: a parameter that no backward pass has reached has no gradient at all.  Nor is it "not yet" once a
backward has reached others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch

from ..tensors.absence import is_wrapper
from ..tensors.tensors import requires_grad
from .gradient_access import GRADIENTS, UNREAD, Gradient
from .live_tree import LiveTree, Node

GradientState = Literal["", "none", "unreached", "zero", "value"]
"""Empty where it was not looked up or cannot be read now; `none` without one, `unreached` where others have theirs,
`zero` where every element is 0, else `value`."""

ZERO_LIMIT = 65_536
"""Elements up to which a gradient is tested for being all zero."""


def gradient_states(nodes: Sequence[Node]) -> tuple[list[GradientState], str]:
    """Return one state for each node, and a note on when they were read, empty if just now.

    A state is empty for what is no trainable parameter and where the gradient cannot be read now; `none` without a
    gradient, `zero` when all of its at most `ZERO_LIMIT` elements are zero, otherwise `value`.
    """
    # all gradients in few torch calls: during a forward run each single one may wait for the interpreter's lock
    states: list[GradientState] = [""] * len(nodes)
    candidates = [(index, node.item) for index, node in enumerate(nodes) if _can_have(node)]
    gradients, note = GRADIENTS.take([item for _, item in candidates if isinstance(item, torch.Tensor)])
    groups: dict[object, list[tuple[int, torch.Tensor]]] = {}
    for (index, _), gradient in zip(candidates, gradients, strict=True):
        states[index] = state = _state_by_presence(gradient)
        if state == "value" and isinstance(gradient, torch.Tensor) and _is_small(gradient):
            groups.setdefault((gradient.dtype, gradient.device), []).append((index, gradient))
    for group in groups.values():
        for (index, _), is_zero in zip(group, _all_zero([gradient for _, gradient in group]), strict=True):
            if is_zero:
                states[index] = "zero"
    return states, note


def any_gradient(tree: LiveTree) -> bool:
    """Return whether a backward has reached a tensor of the network: one has a gradient, as far as can be read now."""
    return GRADIENTS.has_any(tree.distinct_tensors)


def _can_have(node: Node) -> bool:
    return node.kind == "parameter" and isinstance(node.item, torch.Tensor) and requires_grad(node.item)


def _state_by_presence(gradient: Gradient) -> GradientState:
    if gradient is UNREAD:
        return ""
    if gradient is None:
        return "none"
    assert isinstance(gradient, torch.Tensor)
    return "zero" if gradient.layout is torch.strided and gradient.numel() == 0 else "value"


def _is_small(gradient: torch.Tensor) -> bool:
    if is_wrapper(gradient):  # the parts on other ranks are not known here
        return False
    return gradient.layout is torch.strided and not gradient.is_meta and gradient.numel() <= ZERO_LIMIT


def _all_zero(gradients: list[torch.Tensor]) -> list[bool]:
    try:
        with torch.no_grad():
            largest = torch.stack(torch._foreach_norm(gradients, float("inf")))
            return [not value for value in (largest != 0).tolist()]  # NaN differs from 0 as well
    except Exception:  # a dtype without norms, such as float8: it counts as a value
        return [False] * len(gradients)
