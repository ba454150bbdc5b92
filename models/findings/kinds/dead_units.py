"""`dead_units`: units of a ReLU that are zero for everything that went through it."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call
from ...run.units import RELUS, units_seen
from ..evidence import Evidence

ENOUGH = 8
"""Rows and positions from which on it is no chance that all units are zero at each."""
MANY = 32
"""Those from which on it is worth a word that some units are, among fresh layers too."""
SHARE = 0.1
"""Part of the units below which some dead ones are nothing to speak of."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each such call: a warning where all its units are dead and enough went through it, else a note.

    Some dead units are a note at most: where what comes in hardly varies, half of the units of a fresh layer are.
    """
    for call in evidence.calls:
        found = call.statistics
        if call.op not in RELUS or found is None or not found.elements:
            continue
        units, seen = units_seen(call)
        if not units:
            continue
        if found.zeros == found.elements:
            which = f"all {units:,} units of {call.op} are" if units > 1 else f"the one unit of {call.op} is"
            text = f"{which} 0 for all {seen:,} rows seen: {_cause(evidence, call)}"
            yield _finding(call, text, is_serious=seen >= ENOUGH)
        elif found.dead and found.dead >= SHARE * units and seen >= MANY and call.repeat == 1:
            text = f"{found.dead:,} of {units:,} units of {call.op} are 0 for all {seen:,} rows seen"
            yield _finding(call, text, is_serious=False)


def _finding(call: Call, text: str, is_serious: bool) -> Finding:
    return Finding(
        kind="dead_units",
        severity="warning" if is_serious else "note",
        text=text,
        path=call.module,
        call=call.index,
        where=call.where or None,
    )


def _cause(evidence: Evidence, call: Call) -> str:
    """Return what comes in, and whether it is the bias that makes it negative."""
    given = call.producers[-1].row_of() if call.producers else None
    if given is None or given.statistics is None or not given.statistics.finite:
        return "nothing that comes in is positive, and no gradient goes back through them"
    highest = given.statistics.maximum
    text = f"what {given.op} gives is at most {highest:.4g}"
    weight = evidence.tree.at(f"{given.module}.weight" if given.module else "weight")
    if weight is not None and weight.is_tensor and not highest:
        found = evidence.values.of(weight.item)  # type: ignore[arg-type]
        if found is not None and found.elements == found.zeros:
            text += ", as its weight is all zeros"
    bias = evidence.tree.at(f"{given.module}.bias" if given.module else "bias")
    if bias is not None and bias.is_tensor:
        values = evidence.values.of(bias.item)  # type: ignore[arg-type]
        if values is not None and values.finite and values.maximum < 0 and 2 * values.maximum < highest:
            text += f" (its bias is {values.mean:.4g} on average)"
    return f"{text}, and no gradient goes back through them"
