"""Two runs of networks on the same input, call by call: where their results begin to differ.

The same network after an edit, two checkpoints of it, another dtype or mode.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..diff.compare import compare
from ..diff.difference import ALIKE, Difference, Tolerance
from ..diff.sources import every_tensor
from ..diff.tensors import Comparable
from ..diff.workers import Workers
from ..messages import Problem, RunMode
from ..run.forward import AS_IT_IS, run_forward
from ..run.inputs.run_mode import in_dtype
from ..run.trace.calls import Call
from ..run.trace.captured import Captures
from ..run.trace.record import Trace
from .paired_calls import Against, Given, aligned_calls, difference_of, first_that_differs, given_of, is_different
from .session import Session

ROOM = 2**30
"""Bytes of the copies of results that are kept of each run."""
SEED = 0
"""What torch's generators are set to before each forward, so that a dropout drops the same."""
READ_LIMIT = 20
"""Parameters that the first call reads which are looked at."""


@dataclass(frozen=True)
class CallPair:
    """One call of both runs, or one that only one of them made."""

    a: Call | None
    b: Call | None
    difference: Difference | None
    """Of the first tensor that it returned which differs, else of the first one; None where there is none to compare.
    """

    @property
    def call(self) -> Call:
        """Return the call of A, or of B where A has none."""
        found = self.a or self.b
        assert found is not None
        return found

    @property
    def differs(self) -> bool:
        """Return whether the results are known to differ."""
        return self.a is None or self.b is None or (self.difference is not None and is_different(self.difference))


@dataclass(frozen=True)
class ComparedRuns:
    """What came of comparing two runs."""

    problems: tuple[Problem | None, Problem | None]
    """What each forward failed with; None where it did not."""
    pairs: list[CallPair]
    """In order of execution."""
    first: CallPair | None
    """The first call whose result differs, the innermost one; None where none does."""
    given: Given | None
    """What that call was given on both sides; None where that is not known."""
    read: list[Difference]
    """The parameters and buffers that it read which differ."""

    @property
    def given_alike(self) -> bool | None:
        """Return whether that call was given the same, or what is close to it; None where that is not known."""
        return None if self.given is None else not self.given.differs


def compare_runs(a: Session, b: Session, mode: RunMode = AS_IT_IS, tolerance: Tolerance | None = None) -> ComparedRuns:
    """Run both networks on the input of A, B in `mode`, and compare what their calls returned.

    Raises:
        EngineProblem: one of them is no network.
    """
    arguments = a.inputs.arguments
    first, second = _copied(arguments), _copied(in_dtype(arguments, mode))
    runs = [_run(a, first, AS_IT_IS), _run(b, second, mode)]
    (mine, my_problem), (theirs, their_problem) = runs
    limits = tolerance or Tolerance()
    with Workers() as workers:

        def against(x: Comparable, y: Comparable) -> Difference:
            return compare(x, y, limits, workers, lambda size: None)

        pairs = [CallPair(x, y, _of_outputs(x, y, against)) for x, y in aligned_calls(mine.calls, theirs.calls)]
        found = first_difference(pairs)
        given, read = (None, []) if found is None else _causes(a, b, found, against)
    return ComparedRuns((my_problem, their_problem), pairs, found, given, read)


def _copied(arguments: Any) -> Any:
    """Return the arguments for one run, which may write to them; themselves where they cannot be copied."""
    try:
        return copy.deepcopy(arguments)
    except Exception:  # what a user passes may be anything
        return arguments


def _run(session: Session, arguments: Any, mode: RunMode) -> tuple[Trace, Problem | None]:
    args, kwargs = arguments
    trace = Trace(captures=Captures(ROOM, ROOM))
    tree = session.live.tree
    torch.manual_seed(SEED)
    result = run_forward(tree.root, args, kwargs, tree, trace, mode=mode)
    return trace, result.problem


def first_difference(pairs: Sequence[CallPair]) -> CallPair | None:
    """Return the first call that differs, the innermost one: a module differs because something in it does.

    None where none does.
    """
    at = first_that_differs([pair.call for pair in pairs], lambda at: pairs[at].differs)
    return None if at is None else pairs[at]


def _of_outputs(a: Call | None, b: Call | None, against: Against) -> Difference | None:
    if a is None or b is None or a.captured is None or b.captured is None:
        return None
    return difference_of(a.captured.outputs, b.captured.outputs, against)


def _causes(a: Session, b: Session, pair: CallPair, against: Against) -> tuple[Given | None, list[Difference]]:
    """Return what a call was given on both sides, and what it read that differs."""
    mine, theirs = pair.a, pair.b
    if mine is None or theirs is None:
        return None, []
    sides = [{each.path: each for each in every_tensor(session.model)} for session in (a, b)]
    read = []
    for path in mine.tensors[:READ_LIMIT]:
        if path in theirs.tensors and path in sides[0] and path in sides[1]:
            found = against(sides[0][path], sides[1][path])
            if found.status not in (*ALIKE, "unreadable"):
                read.append(found)
    return given_of(mine, theirs, against), read
