"""What a trace knows of one call: the facts that Info shows of a selected call, with links along the dataflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from ..messages import CallTensor, Fact, FactGroup
from ..opened.facts import LINK_LIMIT, FactList, with_facts
from ..sources.wording import size_text
from .last_run import duration_text, ending_of, line_of_call, rows_text, times_text, values_text
from .trace.call_mode import mode_text
from .trace.calls import Call, shape_as_text
from .trace.dataflow import Dataflow, lanes
from .trace.record import FirstNonfinite, Trace
from .units import dead_units

_KNOWN: WeakKeyDictionary[Trace, Dataflow] = WeakKeyDictionary()
"""Of runs that are over."""


def facts_of_call(trace: Trace, run: int, index: int) -> list[FactGroup]:
    """Return what is known of the call of a row, in groups; the row must be there."""
    calls = trace.calls
    call = calls[index]
    flow = _dataflow(trace, calls)
    because = trace.hint if call.failed else ""
    first = [
        _call(calls, index, because),
        _values(call, _origin(trace.nonfinite, index)),
        _flow(flow, calls, run, index),
    ]
    last = [_costs(call), _backward(call, _origin(trace.nonfinite_backward, index))]
    return [*with_facts(first), *_around(flow, calls, run, index), *with_facts(last)]


def _origin(first: FirstNonfinite | None, index: int) -> tuple[str, str]:
    """Return how the first NaN or infinity came about, with what to call it; both empty where that was another call."""
    if first is None or first["call"] != index or not first["text"]:
        return "", ""
    return f"First {first['what']}", first["text"]


def _dataflow(trace: Trace, calls: Sequence[Call]) -> Dataflow:
    found = _KNOWN.get(trace)
    if found is None:
        found = Dataflow(calls)
        if trace.finished:
            _KNOWN[trace] = found
    return found


def _call(calls: Sequence[Call], index: int, because: str) -> FactList:
    facts, call = FactList("Call"), calls[index]
    facts.add("Row", f"{index:,}, of 0 to {len(calls) - 1:,} in Calls")
    facts.add("Module" if call.kind == "module" else "Operation", call.op)
    facts.add("Of" if call.kind == "module" else "In", call.module or "the network itself", call.module)
    facts.add("At", call.where)
    if call.repeat > 1:
        facts.add("Repeated", f"{times_text(call.repeat)}, folded into this row")
    facts.add("Mode", mode_text(calls, index))
    facts.add(*ending_of(call))
    facts.add("Because", because)
    facts.add("Note", call.note)
    facts.add("Input", ", ".join(shape_as_text(shape) or "·" for shape in call.inputs))
    facts.add("Output", shape_as_text(call.output) + ("" if call.bytes is None else f", {size_text(call.bytes)}"))
    return facts


def _values(call: Call, origin: tuple[str, str]) -> FactList:
    facts = FactList("Output values" + (f", of all {call.repeat:,} turns" if call.repeat > 1 else ""))
    found = call.statistics
    if found is not None:
        facts.add("Range", values_text(found))
        facts.add("Rows of the batch", rows_text(found.rows))
        facts.add("Dead units", lambda: _dead_units(call))
    facts.add(*origin)
    return facts


def _dead_units(call: Call) -> str:
    found = dead_units(call)
    if found is None:
        return ""
    turn = " at the last turn" if call.repeat > 1 else ""
    return f"{found.dead or 'none'} of {found.units:,}: 0 at all {found.seen:,} rows and positions seen{turn}"


def _flow(flow: Dataflow, calls: Sequence[Call], run: int, index: int) -> FactList:
    facts = FactList("Dataflow")
    facts.links("Reads", calls[index].tensors)

    def link(label: str, others: Sequence[int], extra: Callable[[int], str]) -> None:
        for other in others[:LINK_LIMIT]:
            facts.add(label, line_of_call(calls[other]) + extra(other), CallTensor(run=run, call=other))
        if len(others) > LINK_LIMIT:
            facts.add(label, f"and {len(others) - LINK_LIMIT:,} more")

    producers, readers = flow.producers(index), flow.readers(index)
    if calls[index].reads_input:
        facts.add("From", "the network's input")
    link("From", producers, lambda other: ", of the turn before" if other >= index else "")
    link("To", readers, lambda other: ", of the next turn" if other <= index else "")
    if not readers and not calls[index].failed and calls[index].depth:
        facts.add("To", "no other call: part of the result, or dropped")
    return facts


def _costs(call: Call) -> FactList:
    facts = FactList("Costs")
    if call.seconds is None and call.peak is None:
        return facts
    if call.seconds is not None:
        own = call.self_seconds if call.self_seconds is not None else call.seconds
        of_own = f", {duration_text(own)} of it its own" if own < call.seconds else ""
        each = f"; {duration_text(call.seconds / call.repeat)} each time" if call.repeat > 1 else ""
        facts.add("Took", f"{duration_text(call.seconds)}{of_own}{each}")
    single = f"; and {call.elementwise:,} operations on single elements" if call.elementwise else ""
    facts.add("FLOPs", "not counted" if call.flops is None else f"{call.flops:,}{single}")
    if call.kept is not None:
        facts.add("Kept for backward", size_text(call.kept))
    if call.peak is not None:
        facts.add("At its peak", f"{size_text(call.peak)} of activations are live")
    return facts


def _backward(call: Call, origin: tuple[str, str]) -> FactList:
    facts = FactList("Last backward")
    found = call.backward
    if found is None:
        return facts
    if found.norm is None:
        facts.add("Gradient", "none came to its output")
    else:
        turns = call.repeat > 1 and found.min is not None and found.max is not None
        of_turns = f" at the last turn, {found.min:.3g} to {found.max:.3g} over all" if turns else ""
        facts.add("Norm at its output", f"{found.norm:.4g}{of_turns}")
    facts.add(*origin)
    facts.add("Made", f"{found.nonfinite} out of finite gradients" if found.nonfinite else "")
    facts.add("Took", duration_text(found.seconds))
    return facts


def _around(flow: Dataflow, calls: Sequence[Call], run: int, index: int) -> list[FactGroup]:
    """Return the drawn neighbourhood: a line for each call, the lanes before it."""
    near = flow.around(index)
    if len(near.calls) < 2:
        return []
    drawn = lanes(near.calls, near.edges, index)
    facts = [
        Fact(
            label=lane,
            text=line_of_call(calls[row]),
            path=None if row == index else CallTensor(run=run, call=row),
            one_line=True,
        )
        for lane, row in zip(drawn, near.calls, strict=True)
    ]
    if near.cut:
        facts.append(Fact(label="", text=f"and {near.cut:,} more as near"))
    return [FactGroup(title="Two steps around it", facts=facts)]
