"""`rows_alike`: rows of the batch that differ in the input and come out alike, and from which call on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...messages.findings import Finding
from ...run.trace.calls import Call, Several
from ...run.trace.captured import Copy
from ...run.trace.output_statistics import spread_of_rows, statistics_of
from ...sources.wording import listed
from ..evidence import Evidence

ALIKE = 1e-3
"""Distance of the rows over their size below which they are nearly alike."""
APART = 1e-2
"""What some call before must have had, so that it is the network that makes them alike."""
IDENTICAL = 1e-6
"""Distance below which they are identical but for rounding."""
ENOUGH = 4
"""Rows from which on identical ones are no chance."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the module call from which on all rows are alike, up to the result."""
    calls = [call for call in evidence.calls if call.kind == "module" and _spread(call) is not None]
    whole = [call for call in calls if not call.depth]
    if not whole or _spread(whole[-1]) >= ALIKE or not evidence.ran_whole:  # type: ignore[operator]
        return
    inner = [
        call for call, after in zip(calls, [*calls[1:], None], strict=True) if not after or after.depth <= call.depth
    ]
    alike = len(inner)
    while alike and _spread(inner[alike - 1]) < ALIKE:  # type: ignore[operator]
        alike -= 1
    if not alike or max(_spread(call) or 0.0 for call in inner[:alike]) < APART or alike == len(inner):
        return
    last, first, out = inner[alike - 1], inner[alike], whole[-1]
    rows = _rows(out)
    identical = (_spread(out) or 0.0) < IDENTICAL
    cause = _cause(evidence, first)
    between = [call for call in evidence.calls[last.index + 1 : first.index] if call.kind == "operation"]
    made = _alike_from(between, rows)
    at = first.op if made is None else f"{made.op} at {made.where}" if made.where else made.op
    text = (
        f"all {rows} rows of the batch are {'identical' if identical else 'nearly alike'} from {at} on "
        f"({100 * (_spread(first) or 0.0):.2g}% apart, {100 * (_spread(last) or 0.0):.2g}% before)"
    )
    if made is None and between and not cause:
        cause = f"between them lies what {listed([call.op for call in between])} gave"
    first = first if made is None else made
    yield Finding(
        kind="rows_alike",
        severity="warning" if identical and rows >= ENOUGH and not cause.startswith("its weight") else "note",
        text=f"{text}: {cause}" if cause else text,
        path=first.module,
        call=first.index,
        where=first.where or None,
    )


def _alike_from(between: Sequence[Call], rows: int) -> Call | None:
    """Return the first of some operations that gave all rows alike, by the copies of what they gave; None for none."""
    for call in between:
        outputs = () if call.captured is None else call.captured.outputs
        tensor = outputs[0].tensor if outputs and isinstance(outputs[0], Copy) else None
        if tensor is None or tensor.dim() < 2 or tensor.shape[0] != rows:
            continue
        found = statistics_of(tensor)
        spread = None if found is None else spread_of_rows(tensor, found)
        if spread is not None and spread < ALIKE:
            return call
    return None


def _cause(evidence: Evidence, call: Call) -> str:
    """Return why a call gives all rows alike, where that is plain."""
    weight = evidence.tree.at(f"{call.module}.weight" if call.module else "weight")
    if weight is not None and weight.is_tensor:
        found = evidence.values.of(weight.item)  # type: ignore[arg-type]
        if found is not None and found.elements == found.zeros:
            return "its weight is all zeros"
    if call.statistics is not None and call.statistics.zeros == call.statistics.elements:
        return "it gives nothing but zeros"
    return ""


def _spread(call: Call) -> float | None:
    """Return how unlike the rows of what a call gave are; of nothing but zeros 0, as they are all identical."""
    found = call.statistics
    if found is None:
        return None
    if found.rows is None and found.elements and found.zeros == found.elements and _rows(call) > 1:
        return 0.0
    return found.rows


def _rows(call: Call) -> int:
    shape = call.output
    several = isinstance(shape, tuple) and not isinstance(shape, Several) and len(shape) > 1
    return shape[0] if several and isinstance(shape[0], int) else 0  # type: ignore[index]
