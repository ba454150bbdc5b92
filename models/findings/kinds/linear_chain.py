"""`linear_chain`: linear layers with nothing between them, which together are one."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...messages.findings import Finding
from ...run.trace.calls import Call
from ...tensors.tensors import requires_grad
from ..evidence import Evidence
from ..same_elements import FOLLOWED, SAME_ELEMENTS

_SAME_FEATURES = SAME_ELEMENTS - {"transpose", "permute", "movedim", "T", "mT"}
"""Without those behind which a layer may read another dimension than that of the features."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the first of the linear layers that read nothing but what another one gives, and is read by nothing else.

    Where the features between are fewer than at both ends it is a matrix of low rank, which is meant.
    """
    readers: dict[int, int] = {}
    for call in evidence.calls:
        results = () if call.depth else call.returned
        for row in {id(made_by.row_of()) for made_by in (*call.producers, *results)}:
            readers[row] = readers.get(row, 0) + 1
    found: list[tuple[Call, Call]] = []
    for call in evidence.calls:
        before = _linear_before(call, readers) if call.op == "Linear" else None
        if before is not None and _is_whole(evidence, before, call):
            found.append((before, call))
    if not found:
        return
    before, call = found[0]
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    yield Finding(
        kind="linear_chain",
        severity="note",
        text=f"`{call.module}` reads what `{before.module}` gives with nothing between: two linear layers without an "
        f"activation are one{more}",
        path=call.module,
        call=call.index,
        where=call.where or None,
    )


def _linear_before(call: Call, readers: dict[int, int]) -> Call | None:
    """Return the row of the linear layer that alone gave what another one reads, as it gave it; None for none."""
    for _ in range(FOLLOWED):
        if len(call.producers) != 1 or call.reads_input:
            return None
        call = call.producers[0].row_of()
        if readers.get(id(call), 0) != 1:
            return None
        if call.op == "Linear" and call.kind == "module":
            return call
        if call.op not in _SAME_FEATURES:
            return None
    return None


def _is_whole(evidence: Evidence, before: Call, after: Call) -> bool:
    """Return whether two layers, both of them trained or neither, have no fewer features between than at both ends."""
    first, second = (evidence.tree.at(call.module) for call in (before, after))
    one, other = (None if node is None else node.item for node in (first, second))
    if not isinstance(one, nn.Linear) or not isinstance(other, nn.Linear) or one is other:
        return False
    if requires_grad(one.weight) is not requires_grad(other.weight):
        return False  # a head behind what was trained before
    return one.out_features == other.in_features >= min(one.in_features, other.out_features)
