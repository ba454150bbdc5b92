"""`softmax_of_batch`: a result of which a softmax normalised the rows of the batch together, instead of each row."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call, sizes_of
from ..evidence import Evidence

NAMES = ("softmax", "Softmax")
"""The operation, and the module that is a row by itself."""
NEAR = 1e-3
"""How far a sum of probabilities may be from a whole number, relative to it."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a note on a softmax over the first dimension of `[batch, classes]` with which the network ends.

    Its elements sum up to the number of columns then, and to that of rows otherwise: where both are the same it is
    silent.  It is a note, as rows may be what belongs together.
    """
    if not evidence.ran_whole:
        return
    whole, last = evidence.calls[0], evidence.calls[-1]
    sizes = _sizes(last)
    if last.op not in NAMES or last.repeat != 1 or sizes is None or whole.output != last.output:
        return
    rows, columns = sizes
    found = last.statistics
    given = whole.inputs[0] if whole.inputs else None
    if found is None or not found.all_finite or found.elements != rows * columns or rows == columns:
        return
    if not isinstance(given, tuple) or not given or given[0] != rows or abs(found.total - columns) > NEAR * columns:
        return
    text = (
        f"it normalises over the {rows:,} rows of the batch: each of the {columns:,} columns sums to 1, the rows do "
        "not; dim=-1 normalises each row"
    )
    yield Finding(
        kind="softmax_of_batch",
        severity="note",
        text=text,
        path=last.module,
        call=last.index,
        where=last.where or None,
    )


def _sizes(call: Call) -> tuple[int, int] | None:
    """Return the rows and columns that a call gave; None where it gave no matrix of several of both."""
    shape = sizes_of(call.output)
    if shape is None or len(shape) != 2 or min(shape) < 2:
        return None
    return shape[0], shape[1]
