"""`kept_graph`: what the last forward computed and the network keeps together with its graph."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ...live.live_tree import Node
from ...messages.findings import Finding
from ...run.trace.calls import Call
from ...tensors.plainly import attribute
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each buffer and plain attribute of which a graph of the last run leads back, as a note.

    A state that goes through time may be meant to keep it, up to where it is detached.  An attribute that the forward
    does not read is no state: a part of the loss, say, which needs its graph and is computed anew each time.
    """
    for node, tensor in evidence.tensors():
        call = kept_from(evidence, node, tensor)
        if call is None or (node.kind != "buffer" and node.path not in evidence.read):
            continue
        row = call.row_of()
        what = "buffer" if node.kind == "buffer" else "plain attribute"
        yield Finding(
            kind="kept_graph",
            severity="note",
            text=f"a {what} that {call.op} gave in the last forward, kept with its graph: that stays in memory, and a "
            "backward through it after the next forward fails; keep `.detach()` of it",
            path=node.path,
            call=row.index if row.index >= 0 else None,
            where=call.where or None,
        )


def kept_from(evidence: Evidence, node: Node, tensor: Tensor) -> Call | None:
    """Return the call of the last run that gave a tensor which the network keeps with its graph; None for another."""
    made_by = None if evidence.trace is None else evidence.trace.made_by
    if made_by is None or node.kind == "parameter" or attribute(tensor, "grad_fn") is None:
        return None
    return made_by(tensor)
