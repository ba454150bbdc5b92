"""The facts of a parameter, buffer or constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...opened.facts import Group
from ...tensors.absence import absence_of, is_wrapper
from ...tensors.distributed import is_distributed, local_note, local_part
from ...tensors.plainly import plain
from ...tensors.tensors import dtype_text, is_uninitialised, requires_grad, shape_text, size_in_bytes
from ..gradient_access import GRADIENTS, RUNNING, UNREAD
from ..gradients import l2_norm, why_no_gradient
from ..paths import in_state_dict, python_path
from ..sharing import storage_twins
from .defaults import initialiser_of
from .plain_value import function_name, is_ours

if TYPE_CHECKING:
    from ..outline import Node, Outline

LARGEST_NORM = 2**22
"""Elements of a gradient up to which its norm is told here."""


def tensor_groups(outline: Outline, node: Node, tensor: Tensor) -> list[Group]:
    """All groups of facts of one tensor; empty ones included."""
    return [
        _name(outline, node, tensor),
        _numbers(tensor),
        _gradient(tensor),
        _memory(tensor),
        _sharing(outline, node),
    ]


def _name(outline: Outline, node: Node, tensor: Tensor) -> Group:
    group = Group("Name")
    group.add("State-dict key", node.path if in_state_dict(outline, node) else "")
    group.add("Python", lambda: python_path(outline, node, outline.name))
    group.add("Kind", _kind(outline, node))
    group.add("Class", lambda: f"{type(tensor).__module__}.{type(tensor).__qualname__}")
    group.add("By default", lambda: initialiser_of(outline, node))
    return group


def _kind(outline: Outline, node: Node) -> str:
    """What registering it, or not, means."""
    if node.kind == "constant":
        return "plain attribute: not in state_dict, not moved by .to(), never updated by an optimiser"
    if not node.registered:
        return (
            f"{node.kind} of a module that is not registered: not in the network's state_dict, not moved by .to(), "
            "not given to an optimiser"
        )
    if node.kind == "parameter":
        return "parameter: in state_dict, moved by .to(), given to an optimiser"
    if not in_state_dict(outline, node):
        return "buffer, not persistent: moved by .to(), but not in state_dict"
    return "buffer: in state_dict, moved by .to(), never updated by an optimiser"


def _numbers(tensor: Tensor) -> Group:
    group, tensor = Group("Numbers"), plain(tensor)
    absence, reason = absence_of(tensor)
    group.add("Values", reason)
    if absence == "uninitialised":
        group.add("Dtype", lambda: dtype_text(tensor))
        return group
    group.add("Shape", shape_text(tensor))
    group.add("Elements", lambda: f"{tensor.numel():,}")
    group.add("Dtype", lambda: dtype_text(tensor))
    group.add("Device", lambda: str(tensor.device))
    group.add("Bytes", lambda: _bytes(tensor))
    group.add("On this rank", lambda: local_note(tensor))
    group.add("Shape here", lambda: shape_text(local_part(tensor)) if is_distributed(tensor) else "")
    return group


def _bytes(tensor: Tensor) -> str:
    size = size_in_bytes(tensor)
    if size is None:
        return ""
    return f"{size:,}{'' if tensor.layout == torch.strided else ' (indices and stored values)'}"


def _gradient(tensor: Tensor) -> Group:
    group = Group("Gradient")
    group.add("requires_grad", str(requires_grad(tensor)))
    group.add("Gradient", lambda: _gradient_state(tensor))
    group.add("is_leaf", lambda: str(tensor.is_leaf))
    group.add("grad_fn", lambda: "None" if tensor.grad_fn is None else tensor.grad_fn.name())
    for label, attribute in (("Hook", "_backward_hooks"), ("After accumulation", "_post_accumulate_grad_hooks")):
        for hook in list((getattr(tensor, attribute, None) or {}).values()):
            if not is_ours(hook):
                group.add(label, lambda hook=hook: function_name(hook))  # type: ignore[misc]
    return group


def _gradient_state(tensor: Tensor) -> str:
    (gradient,), note = GRADIENTS.take([tensor])
    if not isinstance(gradient, Tensor):
        return RUNNING if gradient is UNREAD else _noted(why_no_gradient(tensor), note)
    return _noted(_present(gradient), "; ".join(filter(None, (local_note(gradient), note))))


def _noted(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def _present(gradient: Tensor) -> str:
    shape = f"{shape_text(gradient)} {dtype_text(gradient)}"
    if gradient.numel() > LARGEST_NORM:
        return f"present: {shape}"
    norm = l2_norm(gradient)
    if norm is None:
        return f"present: {shape}; {absence_of(gradient)[1] or 'its numbers cannot be read'}"
    return f"all zeros: {shape}" if norm == 0 else f"present: {shape}, L2 norm {norm:.6g}"


def _memory(tensor: Tensor) -> Group:
    group, tensor = Group("Memory"), plain(tensor)
    if is_uninitialised(tensor):
        return group
    if tensor.layout == torch.strided:
        group.add("Stride", lambda: f"{list(tensor.stride())}{'' if tensor.is_contiguous() else ', not contiguous'}")
        group.add("Storage offset", lambda: f"{tensor.storage_offset():,}")
        group.add("Storage", lambda: "" if is_wrapper(tensor) else f"{tensor.untyped_storage().nbytes():,} bytes")
    else:
        group.add("Layout", str(tensor.layout).removeprefix("torch."))
    group.add("Quantised", lambda: str(tensor.qscheme()).removeprefix("torch.") if tensor.is_quantized else "")
    group.add("Version", lambda: _version(tensor))
    return group


def _version(tensor: Tensor) -> str:
    if tensor.is_inference():
        return "not counted: made in inference mode"
    return f"{tensor._version:,} (in-place changes so far)"


def _sharing(outline: Outline, node: Node) -> Group:
    group = Group("Sharing")
    group.links("Same object", node.shared_with)
    group.links("Same memory", storage_twins(outline, node))
    return group
