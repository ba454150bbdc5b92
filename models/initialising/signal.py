"""What an initialisation does to the signal: how far activations and gradients spread, layer by layer.

Each scheme has a copy of the network of its own, on copies of the input, with the same random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..live.live_tree import LiveTree
from ..live.registered import modules_in
from ..run.backward import run_backward
from ..run.start import tensors_of
from ..sources.tracebacks import problem_of
from ..tensors.tensors import class_name
from ..work.cancelled import Cancelled, ShouldCancel, never
from .preview import copy_of
from .scheme import Scheme, carry_out, seeded

LAYER_LIMIT = 1_000
"""Calls of layers that are measured."""
DEPTH = 5
"""Levels of nested inputs whose tensors are copied."""


@dataclass(slots=True)
class LayerSignal:
    """One call of a layer that holds no others."""

    path: str
    kind: str
    activation: float = math.nan
    """Standard deviation of what it returned; NaN of one number, and of what is no floating point."""
    gradient: float = math.nan
    """Root mean square of the gradient with respect to it, which a mean may be all of; NaN where none came."""


@dataclass(slots=True)
class SignalOfScheme:
    """The signal through the layers, in the order of their calls."""

    layers: list[LayerSignal] = field(default_factory=list)
    problem: str = ""
    """What the forward or the backward raised, or why there are no gradients; empty where all is there."""


def signal_of(
    tree: LiveTree,
    scheme: Scheme | None,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    should_cancel: ShouldCancel = never,
) -> SignalOfScheme:
    """Return the signal through a copy of the network that a scheme was carried out on; None leaves it as it is.

    Raises:
        Cancelled: `should_cancel` returned True.
        NotCopied: see `copy_of`.
        Exception: whatever a rule of the user's or a layer raises.
    """
    copied = copy_of(tree)
    found = SignalOfScheme()
    if scheme is not None:
        carry_out(copied, scheme, should_cancel)
    for module in modules_in(copied.root):
        if len(modules_in(module)) == 1:
            path = next(node.path for node in copied.nodes if node.item is module)
            module.register_forward_hook(partial(_record, found, path, should_cancel))
    with seeded(0), torch.enable_grad():
        try:
            output = copied.root(*_copied(args), **_copied(dict(kwargs)))
        except Cancelled:
            raise
        except Exception as error:
            found.problem = f"forward: {problem_of(error).title}"
            return found
        result = run_backward(output, copied.root)
    if should_cancel():
        raise Cancelled
    if result.problem is not None:
        found.problem = f"backward: {result.problem.title}"
    return found


def _record(
    found: SignalOfScheme, path: str, should_cancel: ShouldCancel, module: nn.Module, args: object, output: object
) -> None:
    """Record a call of a layer: a forward hook."""
    if should_cancel():
        raise Cancelled
    if len(found.layers) >= LAYER_LIMIT:
        return
    tensor = next((each.tensor for each in tensors_of(output) if each.tensor.is_floating_point()), None)
    layer = LayerSignal(path, class_name(module))
    found.layers.append(layer)
    if tensor is None:
        return
    layer.activation = _std(tensor)
    if tensor.requires_grad:

        def note(gradient: Tensor) -> None:
            layer.gradient = _rms(gradient)

        tensor.register_hook(note)  # type: ignore[no-untyped-call]


def _std(tensor: Tensor) -> float:
    """Return the standard deviation of a tensor's elements; infinite where one is not finite."""
    if tensor.numel() < 2:
        return math.nan
    found = float(_floats(tensor).std())
    return found if math.isfinite(found) else math.inf


def _rms(tensor: Tensor) -> float:
    """Return the root mean square of a tensor's elements; infinite where one is not finite."""
    if not tensor.numel():
        return math.nan
    found = float(_floats(tensor).norm()) / math.sqrt(tensor.numel())
    return found if math.isfinite(found) else math.inf


def _floats(tensor: Tensor) -> Tensor:
    values = tensor.detach()
    return values.float() if values.dtype.itemsize < 4 else values


def _copied(value: Any, depth: int = DEPTH) -> Any:
    """Return copies of the tensors in the arguments of a call, so that nothing in a forward changes them."""
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if depth and type(value) in (tuple, list):
        return type(value)(_copied(each, depth - 1) for each in value)
    if depth and type(value) is dict:
        return {name: _copied(each, depth - 1) for name, each in value.items()}
    return value
