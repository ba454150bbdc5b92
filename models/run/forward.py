"""One forward run, with its calls recorded and the place of what it raised."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from torch import nn

from ..live.live_tree import LiveTree
from ..live.registered import buffers_in, parameters_in
from ..messages import Problem, RunMode
from ..sources.tracebacks import problem_of, where
from .failures.hints import explaining
from .inputs.run_mode import in_mode
from .kept import note_kept
from .results import describe_output, structure_of
from .trace.calls import shape_as_text
from .trace.tracing import Trace, tracing
from .warm_up import warm_up

if TYPE_CHECKING:
    from .trace.meter import Meter

AS_IT_IS = RunMode()
__all__ = ["AS_IT_IS", "ForwardResult", "describe_output", "run_forward", "structure_of"]


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """What `run_forward` returned or raised, and how many seconds it took."""

    output: object
    """None when it failed."""
    problem: Problem | None
    exception: BaseException | None
    seconds: float


def run_forward(
    module: nn.Module,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    tree: LiveTree,
    trace: Trace,
    max_calls: int | None = None,
    meter: Meter | None = None,
    mode: RunMode = AS_IT_IS,
) -> ForwardResult:
    """Call `module` once and record its calls into `trace`.

    Train and eval mode, gradient mode and everything else are left as they are.  What the model raises, SystemExit and
    KeyboardInterrupt too, becomes the result's problem; the calls up to there stay in the trace.

    Args:
        tree: the tree of `module`, which gives the paths.
        max_calls: after so many calls the run is stopped by TooManyCalls, which is its problem; None for no limit.
        meter: measures memory too, in a run without values.
        mode: what is switched for the time of the call.
    """
    started = time.perf_counter()
    trace.mode = mode
    try:
        with in_mode(module, mode):
            if mode.warm_up and meter is None:
                trace.warm_up = warm_up(module, args, kwargs, tree, max_calls)
            started = time.perf_counter()
            with explaining(trace, tree), tracing(module, tree, trace, max_calls, meter):
                output = module(*args, **kwargs)
    except BaseException as error:
        seconds = time.perf_counter() - started
        problem = msgspec.structs.replace(_problem(error, trace), hint=trace.hint)
        return ForwardResult(None, problem, error, seconds)
    seconds = time.perf_counter() - started
    trace.returned_nothing = output is None
    note_kept(trace, output, [*parameters_in(module), *buffers_in(module)])
    return ForwardResult(output, None, None, seconds)


def _problem(error: BaseException, trace: Trace) -> Problem:
    """Return the error with the place where it happened: module, operation, shapes and the user's line."""
    failed = trace.failed
    problem = problem_of(error, None if failed is None else failed.module)
    place = where(error)
    line = failed.where if failed is not None else ""
    if not line and place is not None:
        line = f"{os.path.basename(place[0])}:{place[1]}"  # noqa: PTH119
    if failed is not None and failed.kind == "operation":
        shapes = " x ".join(shape_as_text(shape) or "·" for shape in failed.inputs)
        what = f"{failed.op} of {shapes}" if shapes else failed.op
        problem = msgspec.structs.replace(problem, text=f"in {failed.module or 'the network'}: {what}\n{problem.text}")
    return msgspec.structs.replace(problem, where=problem.where or line)
