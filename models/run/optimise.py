"""Some steps of an optimizer on one input, each with its loss, gradient norm and how far every layer moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..live.live_tree import LiveTree
from ..tensors.tensors import requires_grad

OptimizerName = Literal["SGD", "Adam"]


class LossError(Exception):
    """There is no loss to go back from; the text says why and what mends it."""


@dataclass(frozen=True, slots=True)
class StepTaken:
    """What one step did."""

    loss: float
    """Before the step."""
    gradient: float
    """Euclidean norm of all gradients together."""
    updates: list[float]
    """Of each layer the norm of what was added to its parameters over the norm that they had; NaN where that was 0."""


def trained_layers(tree: LiveTree) -> dict[str, list[Tensor]]:
    """Return by path of the module that holds them the parameters that are trained, each tensor once, in tree order."""
    found: dict[str, list[Tensor]] = {}
    seen: set[int] = set()
    for node in tree.nodes:
        tensor = node.item
        if node.kind == "parameter" and isinstance(tensor, Tensor) and id(tensor) not in seen and requires_grad(tensor):
            seen.add(id(tensor))
            found.setdefault(tree.holder(node).path, []).append(tensor)
    return found


def new_optimizer(name: OptimizerName, layers: Mapping[str, list[Tensor]], rate: float) -> torch.optim.Optimizer:
    """Return an optimizer of the parameters in `layers`, with `rate` as its learning rate."""
    parameters = [tensor for tensors in layers.values() for tensor in tensors]
    return torch.optim.SGD(parameters, lr=rate) if name == "SGD" else torch.optim.Adam(parameters, lr=rate)


def default_loss(output: object) -> str:
    """Return a loss of an output in Python: the output's own, or its squared distance to zeros.

    Raises:
        LossError: the output is neither a tensor nor holds a loss.
    """
    if isinstance(output, Tensor):
        return "F.mse_loss(output, torch.zeros_like(output))"
    if isinstance(output, Mapping) and isinstance(output.get("loss"), Tensor):
        return "output['loss']"
    if isinstance(getattr(output, "loss", None), Tensor):
        return "output.loss"
    if isinstance(output, (tuple, list)) and output and isinstance(output[0], Tensor):
        return "F.mse_loss(output[0], torch.zeros_like(output[0]))"
    raise LossError(
        f"no loss is known for an output of type {type(output).__name__}: say one, such as {_an_example(output)}"
    )


def _an_example(output: object) -> str:
    """Return the mean of the first floating-point tensor that a mapping holds, in Python; of others a pattern."""
    if isinstance(output, Mapping):
        for key, value in output.items():
            if isinstance(key, str) and isinstance(value, Tensor) and value.is_floating_point():
                return f"output[{key!r}].mean()"
    return "output.x.mean()"


def optimise(
    network: nn.Module,
    call: Callable[[], object],
    layers: Mapping[str, list[Tensor]],
    loss_of: Callable[[object], Any],
    optimizer: torch.optim.Optimizer,
    count: int,
) -> Iterator[StepTaken]:
    """Yield what each of `count` steps did; the gradients of the last one stay.

    Args:
        network: its gradients are cleared before each backward.
        call: runs the network and returns its output.
        layers: the parameters that are trained, as `trained_layers` returns them.
        loss_of: returns the loss of an output.
        optimizer: of those parameters; what it has kept of steps before goes on.

    Raises:
        LossError: the loss is no number, or nothing that is trained reaches it.
    """
    parameters = [tensor for tensors in layers.values() for tensor in tensors]
    for _ in range(count):
        with torch.enable_grad():
            loss = loss_of(call())
            _check(loss)
            network.zero_grad()  # not before: where there is no loss nothing is to change
            loss.backward()
        before = [parameter.detach().clone() for parameter in parameters]
        gradient = _norm(parameter.grad for parameter in parameters)
        optimizer.step()
        yield StepTaken(float(loss.detach()), gradient, list(_updates(layers, before)))


def _check(loss: object) -> None:
    if not isinstance(loss, Tensor):
        raise LossError(f"the loss is of type {type(loss).__name__}, not a tensor")
    if loss.numel() != 1:
        raise LossError(f"the loss has the shape {list(loss.shape)}: it has to be one number, as .mean() gives")
    if not loss.requires_grad:
        raise LossError("no parameter that is trained reaches the loss")


def _updates(layers: Mapping[str, list[Tensor]], before: list[Tensor]) -> Iterator[float]:
    at = 0
    for tensors in layers.values():
        old = before[at : at + len(tensors)]
        at += len(tensors)
        size = _norm(old)
        moved = _norm(new.detach() - was for new, was in zip(tensors, old, strict=True))
        yield moved / size if size else math.nan


def _norm(tensors: Any) -> float:
    norms = [float(tensor.detach().norm()) for tensor in tensors if tensor is not None]
    return math.hypot(*norms)
