"""Copies of the gradients that reach the results of calls, taken while a backward runs, within a number of bytes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..trace.calls import Call
from ..trace.captured import CallTensors, Captures
from ..trace.record import Trace
from .attributed import Attribution
from .watch import BackwardWatch, GraphStep


def watch_of(trace: Trace) -> BackwardWatch:
    """Return what watches a backward through the graph of a run, and takes copies where the run took such."""
    return BackwardWatch(None if trace.captures is None else GradientCopies(trace), Attribution(trace).call_at)


class GradientCopies:
    """Takes a copy at the last node of each call, which made its result; of a loop that of the last turn.

    Those of a backward before are dropped.

    Args:
        trace: the run that made the graph; its calls keep the copies.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._captures = trace.gradients = Captures()
        self._rows: dict[int, Call] = {}
        """By identity of a step, the row whose gradient comes there."""
        for call in trace.calls:
            if call.captured is not None:
                call.captured.gradient = None

    def choose(self, steps: Sequence[GraphStep]) -> None:
        """Take note of the nodes of the graph before the backward runs."""
        attribution = Attribution(self._trace)
        last: dict[int, tuple[Call, GraphStep]] = {}
        for step in steps:
            call = attribution.call_of(step)
            if call is not None and (id(call) not in last or last[id(call)][1].sequence < step.sequence):
                last[id(call)] = call, step
        self._rows = {id(step): call.row_of() for call, step in last.values()}

    def take(self, step: GraphStep, came: Sequence[Tensor | None]) -> None:
        """Copy what comes to a node, where that is the gradient of a call's first result."""
        row = self._rows.get(id(step))
        if row is None or not came or came[0] is None:
            return
        if row.captured is None:
            row.captured = CallTensors()
        if row.captured.gradient is None:  # the last turn of a loop comes first
            row.captured.gradient = self._captures.copy(came[0])
