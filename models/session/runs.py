"""The runs of an open model whose calls are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import ModuleRun, Problem
from ..messages.errors import EngineProblem

if TYPE_CHECKING:
    from ..run.again import Repeatable
    from ..run.trace.tracing import Trace
    from ..run.trace.weight_norms import WeightNorms

RUNS_KEPT = 20
"""Number of runs whose calls are kept."""


class Runs:
    """The calls of the last `RUNS_KEPT` runs, numbered from 1 as long as the engine lives."""

    def __init__(self) -> None:
        self.kept: dict[int, Trace] = {}
        """By run number."""
        self.last = 0
        """The number of the newest run, 0 before the first."""
        self.repeatable: Repeatable | None = None
        """The last forward, if it may be run again."""
        self.weights: dict[str, WeightNorms] = {}
        """Of each parameter that has a gradient now, by path, how large both are."""
        self._modules: tuple[tuple[object, ...], dict[str, ModuleRun]] | None = None
        """What the run that was asked for last did with each module."""

    @property
    def newest(self) -> Trace | None:
        """Return the calls of the newest run; None where none is kept."""
        return self.kept.get(self.last)

    def trace(self, run: int) -> Trace:
        """Return the calls of a run; raise EngineProblem, of kind `gone`, when they are no longer kept."""
        if run not in self.kept:
            raise EngineProblem(Problem("gone", f"The calls of run {run} are no longer kept"))
        return self.kept[run]

    def keep(self, trace: Trace) -> int:
        """Keep a run's calls, drop those of the oldest run beyond `RUNS_KEPT`, and return the new run's number."""
        if self.newest is not None:
            self.newest.forget_tensors()
        self.repeatable = None
        self.last += 1
        self.kept[self.last] = trace
        for old in sorted(self.kept)[:-RUNS_KEPT]:
            del self.kept[old]
        return self.last

    def modules(self) -> dict[str, ModuleRun]:
        """Return by path what the newest run did with each module, once it is over, and the gradients there are."""
        trace, weights = self.newest, self.weights
        if trace is not None and not (trace.finished and len(trace)):
            trace = None
        if trace is None and not weights:
            return {}
        state = (trace, None if trace is None else trace.went_back, weights)
        known = self._modules
        if known is None or any(one is not other for one, other in zip(known[0], state, strict=True)):
            from ..run.last_run import modules_of_run

            known = self._modules = state, modules_of_run(trace, weights)
        return known[1]

    def clear(self) -> None:
        """Drop all of them; the next one has a number of its own."""
        self.kept, self.repeatable, self._modules, self.weights = {}, None, None, {}
