"""Which calls of a run the nodes of a backward belong to, and what the backward did at each call.

Autograd numbers the nodes of a thread in the order in which they are made, so the numbers say which call made a node.
Nothing is stored on the graph.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Literal

from ...messages import CallBackward
from ..trace.calls import Call
from ..trace.record import Trace
from .watch import BackwardWatch, GraphStep

Made = Literal["", "NaN", "infinity"]


_sequence = attrgetter("sequence")


class Attribution:
    """The calls that made the nodes of a graph."""

    def __init__(self, trace: Trace) -> None:
        self._nodes = [] if trace.in_threads else trace.nodes
        self._firsts = [first for first, _, _ in self._nodes]
        self._events = [] if trace.in_threads else trace.lineage.events

    def call_of(self, step: GraphStep) -> Call | None:
        """Return the call within which a node was made; None for one that was made outside of the run.

        The node of an `autograd.Function` belongs to the first call within its forward.
        """
        return self.call_at(step.sequence) or self.within_function(step)

    def within_function(self, step: GraphStep) -> Call | None:
        """Return the first call within the forward of the `autograd.Function` that a node is of; None for another.

        Such a node is numbered before the forward runs, which makes no nodes itself.
        """
        if not step.is_function or not self._events:
            return None
        place = bisect_right(self._events, step.sequence, key=lambda event: event.first)
        if place == len(self._events) or self._events[place].first != step.sequence + 1:
            return None
        return None if self._events[place].grad else self._events[place].call

    def call_of_node(self, node: Any) -> Call | None:
        """Return the call within which a node of a graph was made; None for one that was made outside of the run."""
        return self.call_at(node._sequence_nr())

    def call_at(self, sequence: int) -> Call | None:
        """Return the call within which the node of this number was made; None where that was outside of the run."""
        place = bisect_right(self._firsts, sequence) - 1
        if place < 0 or sequence >= self._nodes[place][1]:
            return None
        return self._nodes[place][2]


def made_nonfinite(watch: BackwardWatch, step: GraphStep) -> Made:
    """Return what a node made out of finite gradients; empty when it gave finite ones, or was given others."""
    gave = watch.gave(step)
    if all(map(math.isfinite, gave)):
        return ""
    came = watch.arrived(step)
    if came is not None and not math.isfinite(came):
        return ""
    return "NaN" if any(map(math.isnan, gave)) else "infinity"


def note_backward(trace: Trace, watch: BackwardWatch) -> None:
    """Write into each row of a run what a backward did there, in place of what one before did.

    The gradient at a call is that at its last node, which is the one that made its result; at a module's call that at
    the last call within.
    """
    attribution, steps = Attribution(trace), watch.steps
    by_call: dict[int, tuple[Call, list[GraphStep]]] = {}
    for index in watch.order:
        step = steps[index]
        call = attribution.call_of(step)
        if call is None:
            continue
        if (known := by_call.get(id(call))) is None:
            by_call[id(call)] = call, [step]
        else:
            known[1].append(step)
    found: dict[int, CallBackward] = {}
    is_finite = watch.all_finite()
    for call, made in by_call.values():  # the last turn of a folded loop comes first
        passed = _of_call(watch, made, is_finite)
        row = call.row_of().index
        found[row] = _joined(found[row], passed) if row in found else passed
    _write(trace.calls, found)


def _of_call(watch: BackwardWatch, steps: Sequence[GraphStep], is_finite: bool) -> CallBackward:
    """Return what passed the nodes of a call; `is_finite` says whether all gradients of the backward are."""
    last = steps[0] if len(steps) == 1 else max(steps, key=_sequence)
    norm = watch.arrived(last)
    made: list[Made] = [] if is_finite else [what for step in steps if (what := made_nonfinite(watch, step))]
    return CallBackward(
        seconds=sum([step.seconds or 0.0 for step in steps]),
        norm=norm,
        min=norm,
        max=norm,
        nonfinite="NaN" if "NaN" in made else made[0] if made else "",
    )


def _joined(first: CallBackward, more: CallBackward) -> CallBackward:
    """Return both together; the norm is that of `first`, which came first on the way back."""
    norms = [each for side in (first, more) for each in (side.min, side.max) if each is not None]
    nan = [each for each in norms if math.isnan(each)]
    return CallBackward(
        seconds=first.seconds + more.seconds,
        norm=more.norm if first.norm is None else first.norm,
        min=nan[0] if nan else min(norms, default=None),
        max=nan[0] if nan else max(norms, default=None),
        nonfinite="NaN" if "NaN" in (first.nonfinite, more.nonfinite) else first.nonfinite or more.nonfinite,
    )


def _write(rows: Sequence[Call], found: dict[int, CallBackward]) -> None:
    """Write into each row what was found for it and, of a module, for all within it."""
    holders: list[tuple[Call, list[CallBackward]]] = []
    """The modules' calls that a row is within, the innermost last, each with what is known of rows within so far."""
    for row in rows:
        while holders and holders[-1][0].depth >= row.depth:
            _leave(holders)
        own = row.backward = found.get(row.index)
        if row.kind == "module":
            holders.append((row, [] if own is None else [own]))
        elif own is not None and holders:
            holders[-1][1].append(own)
    while holders:
        _leave(holders)


def _leave(holders: list[tuple[Call, list[CallBackward]]]) -> None:
    """Write what was found within the innermost call of a module into its row, and hand it on."""
    call, within = holders.pop()
    if within:
        call.backward = within[0] if len(within) == 1 else _outer(within)
        if holders:
            holders[-1][1].append(call.backward)


def _outer(within: Sequence[CallBackward]) -> CallBackward:
    """Return what a module's call has by those within it."""
    last = within[-1]  # what runs later is nearer to the module's result, so that its gradient is that of the module
    made = [each.nonfinite for each in within if each.nonfinite]
    return CallBackward(
        seconds=sum([each.seconds for each in within]),
        norm=last.norm,
        min=last.min,
        max=last.max,
        nonfinite="NaN" if "NaN" in made else made[0] if made else "",
    )
