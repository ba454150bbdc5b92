"""What Info says of a call of two runs that are compared: by how much it differs, both sides, and why."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ..messages import CallDifference, CallTensor
from ..opened.facts import FactList
from ..run.last_run import values_text
from ..run.trace.calls import Call
from ..run.trace.captured import Copy
from .run_comparison import RunComparison, measure_text


def facts_of_difference(compared: RunComparison, place: CallTensor) -> FactList:
    """Return how a call differs from the same call of the other run; nothing where its run is not compared."""
    facts = FactList("Beside the other run")
    if place.run not in (compared.a, compared.b):
        return facts
    mine = compared.call(place.run, place.call)
    other = compared.other(place.run, place.call)
    if mine is None:
        return facts
    if other is None:
        facts.add("A to B", f"only in {'A' if place.run == compared.a else 'B'}")
        return facts
    a, b = (mine, other) if place.run == compared.a else (other, mine)
    found = b.difference
    if found is None:
        facts.add("A to B", "not compared yet")
        return facts
    facts.add("A to B", _result(found))
    facts.add("Largest change", _largest(a, b, found))
    if found.grew is not None:
        facts.add("Grew", f"{found.grew:.3g} times the difference of what it read")
    given = compared.given(a, b)
    if given is not None:
        facts.add("It was given", given.phrase)
    facts.add("It reads", compared.changed_text(b))
    modes = compared.modes(a, b)
    for name, run, call, mode in (("A", compared.a, a, modes[0]), ("B", compared.b, b, modes[1])):
        facts.add(f"In {name}", f"run {run}, row {call.index:,}", CallTensor(run=run, call=call.index))
        facts.add(f"Output of {name}", "" if call.statistics is None else values_text(call.statistics))
        facts.add(f"Mode of {name}", mode if modes[0] != modes[1] else "")
    return facts


def _result(found: CallDifference) -> str:
    measured = measure_text(replace(found, index=None))
    return (
        measured
        if measured == found.status or found.status in ("", "shape", "dtype")
        else (f"{found.status}: {measured}")
    )


def _largest(a: Call, b: Call, found: CallDifference) -> str:
    """Return both elements of the largest change; empty where there are no copies of them."""
    if found.index is None or a.captured is None or b.captured is None:
        return ""
    elements = []
    for call in (a, b):
        kept = call.captured.outputs[found.output] if call.captured is not None else None
        if not isinstance(kept, Copy):
            return ""
        elements.append(_element(kept, found.index))
    return f"{elements[0]} → {elements[1]} at {list(found.index)}"


def _element(kept: Copy, index: Sequence[int]) -> str:
    value = kept.tensor[tuple(index)].item()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
