"""A run that is run again from where it started, to keep the tensors of one of its calls, however large they are.

Everything is as it was when that is over.  Whether the second run was the same is seen by its calls: their order, their
shapes and the statistics of what they returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from ..live.live_tree import LiveTree
from ..messages import Problem, RunMode
from .forward import AS_IT_IS, run_forward
from .run_state import RunState
from .trace.calls import Call
from .trace.captured import Captures
from .trace.record import Trace

LARGEST = 2**30
"""Bytes of all tensors of the call."""


@dataclass(frozen=True)
class Repeatable:
    """A run that may be run again.

    Args:
        run: its number.
        tree: the network's when it began, which gives the paths.
        state: what it started from.
        args, kwargs: what the network was called with.
        mode: what was switched meanwhile.
    """

    run: int
    tree: LiveTree
    state: RunState
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    mode: RunMode = AS_IT_IS


@contextmanager
def from_its_start(repeatable: Repeatable, now: LiveTree) -> Iterator[None]:
    """Have everything within as it was when a run began, and afterwards as it was before.

    Args:
        now: the network's present tree.
    """
    present = RunState(now, repeatable.args, repeatable.kwargs)
    try:
        repeatable.state.put_back()
        yield
    finally:
        try:
            present.put_back()
        except KeyboardInterrupt:  # pressed once more: all the more everything has to be as it was
            present.put_back()
            raise


def keep_by_running_again(
    repeatable: Repeatable, trace: Trace, index: int, now: LiveTree
) -> tuple[str, Problem | None]:
    """Run a run again, and keep the tensors of the call of a row; return in a sentence how alike the runs are.

    With it what ended the second run, None where nothing did.

    What the second run raised is the second part, where the first did not fail as well: then nothing is kept.

    Args:
        trace: of the run; the tensors are kept in it.
        now: the network's present tree.
    """
    call = trace.row(index)
    again = Trace(captures=Captures(LARGEST, LARGEST, only=call))
    with from_its_start(repeatable, now):
        tree, mode = repeatable.tree, replace(repeatable.mode, warm_up="")
        result = run_forward(tree.root, repeatable.args, dict(repeatable.kwargs), tree, again, mode=mode)
    rows, before = again.calls, trace.calls
    if result.problem is not None and (trace.failed is None or len(rows) < len(before)):
        return "", result.problem
    other = first_difference(before, rows)
    if index >= len(rows) or not _is_same_call(call, rows[index]):
        return f"not kept: run again, call {other} was another, and there is no call {index} like this one", None
    kept = rows[index].captured
    if kept is not None:
        kept.gradient = None if call.captured is None else call.captured.gradient
        kept.note = "" if other is None else f"of a second run, which is not the same from call {other} on"
        call.captured = kept
    same = f"the same numbers in all {len(rows):,} calls"
    return f"kept by running again: {same if other is None else f'not the same from call {other} on'}", None


def first_difference(one: Sequence[Call], other: Sequence[Call]) -> int | None:
    """Return the index of the first row at which two runs are not the same; None where they are.

    A module's row differs where one within it does, which is the one that is meant.
    """
    first = None
    for index, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if not _is_same_call(mine, theirs) or mine.repeat != theirs.repeat:
            return index
        if mine.statistics != theirs.statistics:
            first = index if first is None else first
            if index + 1 == len(one) or one[index + 1].depth <= mine.depth:
                return index
    return first if len(one) == len(other) else min(len(one), len(other))


def _is_same_call(one: Call, other: Call) -> bool:
    return one.fold_key() == other.fold_key()
