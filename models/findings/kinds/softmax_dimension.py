"""`softmax_dimension`: a softmax along another dimension than the one that is summed over, or one that nobody chose."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call, sizes_of
from ..evidence import Evidence

_NAMES = frozenset(("softmax", "Softmax"))
_PRODUCTS = frozenset(("matmul", "bmm", "mm"))
_PASSED = frozenset(("dropout", "Dropout"))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield attention whose weights are normalised along another dimension than its product sums over.

    A note, as there are networks that mean it, such as slots that compete for what they read; a warning where it is
    the batch, whose rows then depend on each other.
    """
    given = sizes_of(evidence.calls[0].inputs[0]) if evidence.calls and evidence.calls[0].inputs else None
    for call in evidence.calls:
        softmax = _weights(call)
        sizes = None if softmax is None else sizes_of(softmax.output)
        if softmax is None or sizes is None or softmax.along is None or softmax.along == len(sizes) - 1:
            continue
        last = len(sizes) - 1
        is_batch = softmax.along == 0 and last > 1 and bool(given) and given[0] == sizes[0] > 1  # type: ignore[index]
        along = f"dimension {softmax.along}" + (", the batch" if is_batch else "")
        yield Finding(
            kind="softmax_dimension",
            severity="warning" if is_batch else "note",
            text=f"{softmax.op} makes {list(sizes)} sum to 1 along {along}, and {call.op}"
            f"{_at(call, softmax)} sums over dimension {last}: the weights of what it gives do not sum to 1; dim=-1 "
            "normalises those",
            path=softmax.module,
            call=softmax.index,
            where=softmax.where or None,
        )


def _weights(call: Call) -> Call | None:
    """Return the softmax that gave the first factor of a product as it is; None for another factor."""
    if call.op not in _PRODUCTS or call.failed or not call.producers or not call.inputs:
        return None
    first = call.producers[0].row_of()
    if first.op in _PASSED and len(first.producers) == 1:
        first = first.producers[0].row_of()
    return first if first.op in _NAMES and first.output == call.inputs[0] != call.inputs[-1] else None


def _at(call: Call, softmax: Call) -> str:
    return f" at {call.where}" if call.where and call.where != softmax.where else ""
