"""One forward run, with its calls recorded and what it raised told."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from torch import nn

from ..live.outline import Outline
from ..messages import Problem
from ..sources.tracebacks import problem_of, where
from .results import describe_output, structure_of
from .trace import Trace, tracing

__all__ = ["ForwardResult", "describe_output", "run_forward", "structure_of"]


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """What a forward gave."""

    output: object
    """None when it failed."""
    problem: Problem | None
    exception: BaseException | None
    seconds: float


def run_forward(
    module: nn.Module,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    outline: Outline,
    trace: Trace,
    max_calls: int | None = None,
) -> ForwardResult:
    """Call `module` once and record its calls into `trace`.

    Train and eval mode, gradient mode and everything else are left as they are.  What the model raises, SystemExit and
    KeyboardInterrupt too, becomes the result's problem; the calls up to there stay in the trace.
    """
    started = time.perf_counter()
    try:
        with tracing(module, outline, trace, max_calls):
            output = module(*args, **kwargs)
    except BaseException as error:
        return ForwardResult(None, _problem(error, trace), error, time.perf_counter() - started)
    return ForwardResult(output, None, None, time.perf_counter() - started)


def _problem(error: BaseException, trace: Trace) -> Problem:
    """The error with the place where it happened: module, operation, shapes and the user's line."""
    failed = trace.failed
    problem = problem_of(error, None if failed is None else failed.module)
    place = where(error)
    line = failed.where if failed is not None else ""
    if not line and place is not None:
        line = f"{os.path.basename(place[0])}:{place[1]}"  # noqa: PTH119
    if failed is not None and failed.kind == "operation":
        shapes = " x ".join(shape or "·" for shape in failed.inputs)
        said = f"{failed.op} of {shapes}" if shapes else failed.op
        problem = msgspec.structs.replace(problem, text=f"in {failed.module or 'the network'}: {said}\n{problem.text}")
    return msgspec.structs.replace(problem, where=problem.where or line)
