"""Backward from a result, and gradients set back to none."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..live.registered import parameters_in
from ..messages import Problem
from ..sources.tracebacks import problem_of
from ..tensors.plainly import plainly
from .results import describe_output
from .shapes import tensors_in


@dataclass(frozen=True, slots=True)
class BackwardResult:
    """What a backward did."""

    problem: Problem | None
    text: str
    """What it started from, in one line; empty when it failed."""
    seconds: float


def run_backward(output: object) -> BackwardResult:
    """Backward from the first tensor in `output` that a gradient can flow from, summed when it is no scalar.

    Gradients are added to those that are there, as PyTorch does.  Everything that stands in the way becomes the
    result's problem: no result yet, nothing that requires a gradient, a graph that was used up.
    """
    started = time.perf_counter()
    if output is None:
        return _refused("There is no result to go back from", "Run forward first.")
    tensors = list(tensors_in(output))
    start = _start(tensors)
    if start is None:
        return _refused(*_why_none(tensors))
    try:
        scalar = start if start.numel() == 1 else start.sum()
        scalar.backward()  # type: ignore[no-untyped-call]
    except BaseException as error:  # SystemExit of a hook too
        if isinstance(error, RuntimeError) and "backward through the graph a second time" in str(error):
            return _refused("The graph of this result was used up by an earlier backward", "Run forward again.")
        return BackwardResult(problem_of(error), "", time.perf_counter() - started)
    summed = "" if start.numel() == 1 else "the sum of "
    return BackwardResult(None, f"from {summed}{describe_output(start)}", time.perf_counter() - started)


@plainly
def _start(tensors: list[Tensor]) -> Tensor | None:
    return next((t for t in tensors if t.requires_grad and (t.is_floating_point() or t.is_complex())), None)


@plainly
def zero_gradients(module: nn.Module) -> None:
    """Set the gradient of every parameter below `module` to None, the frozen ones' too."""
    for parameter in parameters_in(module):
        parameter.grad = None


def _why_none(tensors: list[Tensor]) -> tuple[str, str]:
    if not tensors:
        return "The result holds no tensor", "Backward starts from a tensor that was computed from parameters."
    if any(tensor.is_inference() for tensor in tensors):
        return "The result was computed in inference mode, without a graph", "Run forward again outside of it."
    if not torch.is_grad_enabled():
        return "The result has no graph: gradients are switched off", "torch.set_grad_enabled(True) switches them on."
    return (
        "Nothing in the result requires a gradient",
        "No parameter that requires one led to it, or it was computed under torch.no_grad() or detached.",
    )


def _refused(title: str, remedy: str) -> BackwardResult:
    return BackwardResult(Problem(kind="usage", title=title, text=remedy), "", 0.0)
