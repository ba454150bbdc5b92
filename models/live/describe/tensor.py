"""The facts of a parameter, buffer or constant, in titled groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...opened.facts import FactList
from ...tensors.absence import absence_of, is_wrapper
from ...tensors.distributed import is_distributed, local_note, local_part
from ...tensors.plainly import plain
from ...tensors.tensors import (
    dtype_text,
    is_uninitialised,
    layout_text,
    requires_grad,
    shape_text,
    size_in_bytes,
)
from ..gradient_access import GRADIENTS, RUNNING, UNREAD
from ..gradient_state import any_gradient
from ..gradients import l2_norm, why_no_gradient
from ..kinds import node_role
from ..paths import in_state_dict, python_path
from ..sharing import StorageTwins
from .defaults import initialiser_of
from .plain_value import function_name, is_own_hook

if TYPE_CHECKING:
    from ..live_tree import LiveTree, Node

NORM_LIMIT = 2**22
"""Elements of a gradient up to which its norm is computed here."""


def tensor_groups(tree: LiveTree, node: Node, tensor: Tensor) -> list[FactList]:
    """Return all groups of facts of the tensor at `node`, empty ones included."""
    return [
        _name(tree, node, tensor),
        _numbers(tensor),
        _gradient(tree, tensor),
        _memory(tensor),
        _sharing(tree, node),
    ]


def _name(tree: LiveTree, node: Node, tensor: Tensor) -> FactList:
    group = FactList("Name")
    group.add("State-dict key", node.path if in_state_dict(tree, node) else "")
    group.add("Python", lambda: python_path(tree, node, tree.name))
    group.add("Kind", node_role(tree, node).meaning)
    group.add("Class", lambda: f"{type(tensor).__module__}.{type(tensor).__qualname__}")
    group.add("By default", lambda: initialiser_of(tree, node))
    return group


def _numbers(tensor: Tensor) -> FactList:
    group, tensor = FactList("Numbers"), plain(tensor)
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


def _gradient(tree: LiveTree, tensor: Tensor) -> FactList:
    group = FactList("Gradient")
    group.add("requires_grad", str(requires_grad(tensor)))
    group.add("Gradient", lambda: _gradient_state(tree, tensor))
    group.add("is_leaf", lambda: str(tensor.is_leaf))
    group.add("grad_fn", lambda: "None" if tensor.grad_fn is None else tensor.grad_fn.name())
    for label, attribute in (("Hook", "_backward_hooks"), ("After accumulation", "_post_accumulate_grad_hooks")):
        for hook in list((getattr(tensor, attribute, None) or {}).values()):
            if not is_own_hook(hook):
                group.add(label, lambda hook=hook: function_name(hook))  # type: ignore[misc]
    return group


def _gradient_state(tree: LiveTree, tensor: Tensor) -> str:
    (gradient,), note = GRADIENTS.take([tensor])
    if not isinstance(gradient, Tensor):
        return RUNNING if gradient is UNREAD else _noted(why_no_gradient(tensor, any_gradient(tree)), note)
    return _noted(_present(gradient), "; ".join(filter(None, (local_note(gradient), note))))


def _noted(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def _present(gradient: Tensor) -> str:
    shape = f"{shape_text(gradient)} {dtype_text(gradient)}"
    if gradient.numel() > NORM_LIMIT:
        return f"present: {shape}"
    norm = l2_norm(gradient)
    if norm is None:
        return f"present: {shape}; {absence_of(gradient)[1] or 'its numbers cannot be read'}"
    return f"all zeros: {shape}" if norm == 0 else f"present: {shape}, L2 norm {norm:.6g}"


def _memory(tensor: Tensor) -> FactList:
    group, tensor = FactList("Memory"), plain(tensor)
    if is_uninitialised(tensor):
        return group
    if (layout := layout_text(tensor)) == "strided":
        group.add("Stride", lambda: f"{list(tensor.stride())}{'' if tensor.is_contiguous() else ', not contiguous'}")
        group.add("Storage offset", lambda: f"{tensor.storage_offset():,}")
        group.add("Storage", lambda: "" if is_wrapper(tensor) else f"{tensor.untyped_storage().nbytes():,} bytes")
    else:
        group.add("Layout", layout)
    group.add("Quantised", lambda: _quantised(tensor) if tensor.is_quantized else "")
    group.add("Version", lambda: _version(tensor))
    return group


def _quantised(tensor: Tensor) -> str:
    """Return the scheme, and the scale and zero point or how many there are along which dimension."""
    scheme = str(tensor.qscheme()).removeprefix("torch.")
    if scheme.startswith("per_tensor"):
        return f"{scheme}: scale {tensor.q_scale():.6g}, zero point {tensor.q_zero_point()}"
    scales = tensor.q_per_channel_scales()
    of = f"{scales.numel():,} scales along dimension {tensor.q_per_channel_axis()}"
    low, high = scales.min().item(), scales.max().item()
    return f"{scheme}: {of}, {low:.6g} to {high:.6g}"


def _version(tensor: Tensor) -> str:
    if tensor.is_inference():
        return "not counted: made in inference mode"
    return f"{tensor._version:,} (in-place changes so far)"


def _sharing(tree: LiveTree, node: Node) -> FactList:
    group = FactList("Sharing")
    group.links("Same object", node.shared_with)
    on, beside = StorageTwins(tree).apart(node)
    group.links("Same memory", on)
    group.links("Flat memory", beside)
    return group
