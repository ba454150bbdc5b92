"""`made_in_forward`: a layer that the forward makes anew each time, so that nothing of it is ever learnt."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence

_DRAWN = {
    "linear": "kaiming_uniform_",
    "conv1d": "kaiming_uniform_",
    "conv2d": "kaiming_uniform_",
    "conv3d": "kaiming_uniform_",
    "embedding": "normal_",
}
"""How the layer of each operation draws its weight when it is made."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each operation that reads a weight which was drawn in the same run as layers draw theirs.

    What the run registered is a layer of the network from then on.
    """
    if evidence.trace is None or evidence.trace.registered:
        return
    for call in evidence.calls:
        drawn = _DRAWN.get(call.op)
        if drawn is None or call.kind != "operation" or call.tensors or call.failed:
            continue
        if any(made_by.row_of().op == drawn for made_by in call.producers):
            yield Finding(
                kind="made_in_forward",
                severity="warning",
                text=f"{call.op} reads weights that are drawn anew in each forward: no optimizer has them, and nothing "
                "is learnt; a layer that is made in __init__ keeps its own",
                path=call.module,
                call=call.index,
                where=call.where or None,
            )
