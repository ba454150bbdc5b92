"""The runs of an open model whose calls are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..messages import ModuleRun, Problem
from ..messages.errors import EngineProblem
from ..work.let_go import let_go

if TYPE_CHECKING:
    from ..run.again import Repeatable
    from ..run.trace.tracing import Trace
    from ..run.trace.weight_norms import WeightNorms
    from .run_comparison import RunComparison

RUNS_KEPT = 20
"""Number of runs whose calls are kept."""
COPIES_KEPT = 2
"""Of how many of them, the newest ones, copies of the tensors are kept, to compare one with the other."""
NAMED = 5
"""Number of runs that a user may keep with their copies, however many come after them."""
BESIDE = 2
"""Number of runs kept that were made to be compared."""
CHANGES_NOTED = 10_000
"""Paths that are noted as changed between two runs."""


@dataclass
class RunNotes:
    """What is known of a run beside its calls."""

    random: dict[str, Any] | None = None
    """The states of the generators of random numbers before it; None where they are not known."""
    drew: bool = False
    """Whether it drew random numbers."""
    changed: dict[str, None] = field(default_factory=dict)
    """Paths whose values changed since, until the next run began."""
    wrote: dict[str, None] = field(default_factory=dict)
    """Those that the run itself wrote to, such as running statistics."""
    base: int | None = None
    """The run whose weights it had, of one that was made to be compared; 0 where it had those of another moment, None
    for one of the user's."""
    title: str = ""
    """What it is, of a run that was made to be compared; empty for one of the user's."""
    name: str = ""
    """That a user keeps it under; empty for none."""


class Runs:
    """The calls of the last `RUNS_KEPT` runs, numbered from 1 as long as the engine lives."""

    def __init__(self) -> None:
        self.kept: dict[int, Trace] = {}
        """By run number."""
        self.beside: dict[int, Trace] = {}
        """Those that were made to be compared, by number: none of them is the newest."""
        self.notes: dict[int, RunNotes] = {}
        """By number, of all of them."""
        self.last = 0
        """The number of the newest run, 0 before the first."""
        self._numbers = 0
        self.repeatable: Repeatable | None = None
        """The last forward, if it may be run again."""
        self.comparison: RunComparison | None = None
        """Two runs that are compared; None for none."""
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
        for runs in (self.kept, self.beside):
            if run in runs:
                return runs[run]
        raise EngineProblem(Problem("gone", f"The calls of run {run} are no longer kept"))

    def keep(self, trace: Trace) -> int:
        """Keep a run's calls, drop those of the oldest run beyond `RUNS_KEPT`, and return the new run's number.

        Copies of tensors are kept of the newest runs, and of those that a user keeps or compares.
        """
        held: list[object] = [self.repeatable]
        if self.newest is not None:
            held += self.newest.forget_gradients()
        self.repeatable = None
        self.last = self._number(trace, self.kept)
        for old in sorted(self.kept)[:-COPIES_KEPT]:
            if not self._is_held(old):
                held += self.kept[old].forget_tensors()
        for old in sorted(self.kept)[:-RUNS_KEPT]:
            if not self._is_held(old):
                held.append(self.kept.pop(old))
                self._drop_notes(old)
        let_go(held)
        return self.last

    def _drop_notes(self, run: int) -> None:
        """Drop the notes of a run; what changed until the next one is noted at the one before that is still kept."""
        notes = self.notes.pop(run)
        before = max((other for other in self.kept if other < run), default=None)
        if before is not None:
            self.notes[before].changed |= notes.changed
            self.notes[before].wrote |= notes.wrote

    def keep_beside(self, trace: Trace, title: str) -> int:
        """Keep a run that was made to be compared, and return its number; those made before are dropped."""
        run = self._number(trace, self.beside)
        self.notes[run].title = title
        for old in sorted(self.beside)[:-BESIDE]:
            if not self._is_held(old):
                del self.beside[old], self.notes[old]
        return run

    def _number(self, trace: Trace, runs: dict[int, Trace]) -> int:
        self._numbers += 1
        runs[self._numbers] = trace
        self.notes[self._numbers] = RunNotes()
        return self._numbers

    def _is_held(self, run: int) -> bool:
        compared = self.comparison
        return bool(self.notes[run].name) or (compared is not None and run in (compared.a, compared.b))

    def note_random(self, run: int) -> None:
        """Note from which random numbers the last forward began, and whether it drew some: right behind it."""
        from ..undo.random_numbers import is_same_random, random_state

        repeatable = self.repeatable
        if repeatable is not None and repeatable.run == run:
            notes = self.notes[run]
            notes.random = repeatable.state.random
            notes.drew = not is_same_random(notes.random, random_state())

    def note_changes(self, paths: Iterable[str]) -> None:
        """Note that values changed since the newest run."""
        notes = self.notes.get(self.last)
        if notes is not None and len(notes.changed) < CHANGES_NOTED:
            notes.changed |= dict.fromkeys(paths)

    def note_written(self, run: int, paths: Iterable[str]) -> None:
        """Note that values changed by a run itself."""
        notes = self.notes[run]
        notes.wrote = dict.fromkeys(paths)
        notes.changed = {path: None for path in notes.changed if path not in notes.wrote}

    def changed_between(self, a: int, b: int, written: bool = True) -> dict[str, None]:
        """Return the paths whose values changed between two runs, whichever came first; none where it is not known.

        What the runs themselves wrote to comes last; without `written` it is left out.
        """
        found: dict[str, None] = {}
        wrote: dict[str, None] = {}
        a, b = (run if self.notes[run].base is None else self.notes[run].base or 0 for run in (a, b))
        for run in range(min(a, b), max(a, b)) if a and b else ():
            if run in self.kept:
                found |= self.notes[run].changed
                wrote |= self.notes[run].wrote
        return found | wrote if written else found

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

    def end_comparison(self) -> None:
        """Compare no longer."""
        compared, self.comparison = self.comparison, None
        if compared is not None:
            compared.forget()

    def clear(self) -> None:
        """Drop all of them; the next one has a number of its own."""
        self.kept, self.beside, self.notes = {}, {}, {}
        self.comparison = self.repeatable = self._modules = None
        self.weights = {}
