"""`made_in_forward`: a layer or parameter that the forward makes anew each time, so that it never learns."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call
from ...run.trace.record import Trace
from ..evidence import Evidence

_DRAWN = {
    "linear": "kaiming_uniform_",
    "conv1d": "kaiming_uniform_",
    "conv2d": "kaiming_uniform_",
    "conv3d": "kaiming_uniform_",
    "embedding": "normal_",
}
"""How the layer of each operation draws its weight when it is made."""
_STEPS = frozenset(("add_", "sub_", "addcdiv_", "_foreach_add_", "_foreach_sub_", "_foreach_addcdiv_"))
"""What an optimizer changes parameters by: those that the forward trains itself are meant to be new."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each operation that reads a weight which the same run made: drawn as layers draw theirs, or a parameter.

    What the run registered is a layer of the network from then on.  Weights that require no gradient are not meant to
    be learnt: a random projection.
    """
    if evidence.trace is None or evidence.trace.registered:
        return
    found = []
    for call in evidence.calls:
        drawn = _DRAWN.get(call.op)
        if drawn is None or call.kind != "operation" or call.tensors or call.failed:
            continue
        found += [(call, made_by.row_of()) for made_by in call.producers if made_by.row_of().op == drawn]
    fixed = _fixed(evidence.trace) if found else set()
    for call in dict.fromkeys(call for call, made_by in found if (call, made_by) not in fixed):
        yield _of(
            call,
            f"{call.op} reads weights that are drawn anew in each forward: no optimizer has them, and nothing "
            "is learnt; a layer that is made in __init__ keeps its own",
        )
    made = {made_by.row_of(): None for made_by in evidence.trace.made_parameters}
    if any(call.op in _STEPS for call in made) or (made and _copies_own(evidence.calls)):
        return
    for call in made:
        if call.op not in _DRAWN and not call.op.endswith("_") and not call.failed:
            yield _of(
                call,
                f"{call.op} reads a parameter that the forward itself makes: each forward has a new one, no optimizer "
                "has it, and nothing is learnt; one that is made in __init__ stays",
            )


def _copies_own(calls: list[Call]) -> bool:
    """Return whether a run copied what the network holds, as `deepcopy` does: such a copy is meant to be new."""
    read = (made_by.row_of() for call in calls if call.op == "clone" for made_by in call.producers)
    return any(row.op == "data" and row.tensors for row in read)


def _of(call: Call, text: str) -> Finding:
    return Finding(
        kind="made_in_forward",
        severity="warning",
        text=text,
        path=call.module,
        call=call.index if call.index >= 0 else None,
        where=call.where or None,
    )


def _fixed(trace: Trace) -> set[tuple[Call, Call]]:
    """Return the rows that read what draws a weight, each with that, where no gradient flows back to it."""
    draws = frozenset(_DRAWN.values())
    drawn = [
        (event.call.row_of(), made_by.row_of(), live)
        for event in trace.lineage.events
        for made_by, live in event.reads
        if made_by.row_of().op in draws
    ]
    return {(call, made_by) for call, made_by, _ in drawn} - {(call, made_by) for call, made_by, live in drawn if live}
