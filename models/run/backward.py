"""Backward from a result, and gradients set back to none."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import msgspec
import torch
from torch import Tensor, nn

from ..live.live_tree import LiveTree
from ..live.registered import parameters_in
from ..messages import Problem
from ..sources.tracebacks import problem_of
from ..tensors.plainly import plainly
from ..tensors.tensors import dtype_text, requires_grad
from .gradients.attributed import note_backward
from .gradients.captured import watch_of
from .gradients.conflicts import conflict_of
from .gradients.explained import explained
from .gradients.no_graph import why_no_graph
from .gradients.unnoticed import unnoticed_conflict
from .gradients.watch import BackwardWatch
from .graph import NODE_LIMIT, wave
from .start import Start, is_scalar, others_of, start_of, tensors_of
from .trace.record import Trace
from .trace.went_back import Conflict, Reason, WentBack

UNWATCHED = f"gradients at calls and their causes are not known: the graph has more than {NODE_LIMIT:,} nodes"
"""Note: what is missing of a backward through a very large graph."""


@dataclass(frozen=True, slots=True)
class BackwardResult:
    """What `run_backward` did: how long it took, and its problem or what it started from."""

    problem: Problem | None
    start: Start | None
    """What it started from; None where there is nothing to start from."""
    seconds: float
    went_back: WentBack = field(default_factory=WentBack)
    """What it found out about the run; nothing where none was given."""
    conflict: Conflict | None = None
    """Which call needs what is not there any more, where that made it fail."""
    watched: bool = False
    """Whether the graph was small enough to be watched: otherwise little is known of it but the gradients."""

    @property
    def note(self) -> str:
        """Return what is not known of it, for its graph is too large; empty for nothing."""
        return "" if self.went_back.watched else UNWATCHED

    @property
    def text(self) -> str:
        """Return what it started from, in one line; empty when it failed."""
        return "" if self.problem is not None or self.start is None else self.start.text


def run_backward(
    output: object, network: nn.Module | None = None, trace: Trace | None = None, tree: LiveTree | None = None
) -> BackwardResult:
    """Run backward from what `start_of` chooses in `output`, summed when it is no scalar.

    Gradients are added to those that are there, as PyTorch does.  Everything that stands in the way becomes the
    result's problem: no result yet (`output` is None), nothing that requires a gradient, a graph that was used up.

    Args:
        network: what gave the result, if known: whether it has trainable parameters says why there is no gradient.
        trace: the run that gave the result: what the backward does is noted at its calls.  None watches nothing.
        tree: the network's tree after that run, which gives the paths.
    """
    started = time.perf_counter()
    if output is None:
        if trace is not None and trace.finished and len(trace) and trace.failed is None:
            return _refused("The network returned nothing", "Have its forward end with a `return` of its result.")
        return _refused("There is no result to go back from", "Run forward first.")
    start, unnoticed = None, None
    watch = None if trace is None else watch_of(trace)
    try:
        start = start_of(output)
        if start is None:
            cut = None if trace is None or tree is None else why_no_graph(trace, tree)
            return _refused(*_why_none(output, network, cut))
        if trace is not None:
            unnoticed = unnoticed_conflict([each.tensor for each in start.tensors], trace, lambda: tree)
        _go_back(start, watch)
    except BaseException as error:  # SystemExit of a hook too
        conflict = None
        if trace is not None and start is not None and isinstance(error, RuntimeError):
            conflict = conflict_of(error, [each.tensor for each in start.tensors], trace, tree)
            trace.went_back = WentBack(conflict=conflict)
        if isinstance(error, RuntimeError) and "backward through the graph a second time" in str(error):
            remedy = "Run forward again." if conflict is None else f"{conflict.hint[0].upper()}{conflict.hint[1:]}."
            refused = _refused("The graph of this result was used up by an earlier backward", remedy)
            return replace(refused, start=start, conflict=conflict)
        problem = problem_of(error)
        if conflict is not None:
            problem = msgspec.structs.replace(problem, hint=conflict.hint, where=conflict.where or problem.where)
        return BackwardResult(problem, start, time.perf_counter() - started, conflict=conflict)
    seconds = time.perf_counter() - started
    if trace is None or watch is None:
        return BackwardResult(None, start, seconds)
    note_backward(trace, watch)
    went_back = trace.went_back = explained(trace, watch, tree, others_of(output, start))
    if unnoticed is not None or not watch.complete:
        went_back = trace.went_back = replace(went_back, watched=watch.complete, unnoticed=unnoticed)
    trace.nonfinite_backward = went_back.nonfinite
    return BackwardResult(None, start, seconds, went_back, watched=watch.complete)


def _go_back(start: Start, watch: BackwardWatch | None) -> None:
    tensors = [each.tensor for each in start.tensors]
    weights: Sequence[Tensor | None] = [wave(tensor) if start.weighted else None for tensor in tensors]
    if not start.weighted:
        tensors = [_scalar(tensor) for tensor in tensors]
    watching: AbstractContextManager[None] = nullcontext() if watch is None else watch.over(tensors)
    with watching:
        torch.autograd.backward(tensors, weights)


def _scalar(tensor: Tensor) -> Tensor:
    """Return a real scalar to go back from: the tensor, or its sum, of a complex one that of both parts."""
    if is_scalar(tensor):
        return tensor
    if tensor.is_complex():
        total = tensor.sum()
        return total.real + total.imag
    if tensor.is_nested and tensor.layout is torch.strided:
        parts = [part.sum() for part in tensor.unbind()]
        return torch.stack(parts).sum()
    return (tensor if tensor.dtype.itemsize > 1 else tensor.float()).sum()  # float8 has no sum


@plainly
def zero_gradients(module: nn.Module) -> None:
    """Set the gradient of every parameter below `module` to None, the frozen ones' too."""
    for parameter in parameters_in(module):
        parameter.grad = None


def _why_none(output: object, network: nn.Module | None, cut: Reason | None) -> tuple[str, str]:
    """Return why no tensor of `output` requires a gradient, and what to do about it.

    Args:
        cut: where the graph that led to it ends, if that is known.
    """
    if isinstance(output, (Iterator, AsyncIterator, Coroutine)):
        kind = type(output).__name__
        return f"The result is a {kind}, of which nothing has run yet", "Have forward return its tensors in a list."
    if isinstance(output, nn.Module):
        kind = type(output).__name__
        return f"The forward returned a {kind} itself, no tensor", f"`{kind}()(x)` makes the layer and calls it."
    tensors = [each.tensor for each in tensors_of(output)]
    if not tensors:
        return "The result holds no tensor", "Backward starts from a tensor that was computed from parameters."
    if any(tensor.is_inference() for tensor in tensors):
        return "The result was computed in inference mode, without a graph", "Run forward again outside of it."
    if not torch.is_grad_enabled():
        return "The result has no graph: gradients are switched off", "torch.set_grad_enabled(True) switches them on."
    if cut is not None:
        return "Nothing in the result requires a gradient", f"The graph ends on the way: {cut.text}."
    if not any(tensor.is_floating_point() or tensor.is_complex() for tensor in tensors):
        kinds = " and ".join(dict.fromkeys(dtype_text(tensor) for tensor in tensors))
        return (
            f"The result is of {kinds}, which has no gradient",
            "Backward starts from floating point, such as the numbers before argmax or a comparison.",
        )
    parameters = [] if network is None else parameters_in(network)
    if parameters and not any(requires_grad(parameter) for parameter in parameters):
        return "Every parameter of the network is frozen", "requires_grad_() makes parameters trainable."
    if network is not None and not parameters:
        return "The network has no parameters", "Backward starts from a tensor that was computed from parameters."
    return (
        "Nothing in the result requires a gradient",
        "No parameter that requires one led to it, or it was computed under torch.no_grad() or detached.",
    )


def _refused(title: str, remedy: str) -> BackwardResult:
    # torch raises a RuntimeError where one goes back from such a result
    problem = Problem(
        kind="usage", title=title, text=remedy, type="RuntimeError", message=f"{title}: {remedy[0].lower()}{remedy[1:]}"
    )
    return BackwardResult(problem, None, 0.0)
