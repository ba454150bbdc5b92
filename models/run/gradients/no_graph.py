"""Why nothing in a result requires a gradient: where the graph that led to it was cut."""

from __future__ import annotations

from torch import Tensor

from ...live.live_tree import LiveTree
from ...tensors.tensors import requires_grad
from ..trace.record import Trace
from ..trace.went_back import Reason
from .cuts import cut_at


def why_no_graph(trace: Trace, tree: LiveTree) -> Reason | None:
    """Return the last operation on the way to the result of a run at which its graph ends; None where none is known.

    Args:
        tree: the network's, which says which parameters are trainable.
    """
    if not trace.lineage.complete:
        return None
    leads = {id(call) for _, call in trace.lineage.results}
    for event in reversed(trace.lineage.events):
        if id(event.call) not in leads:
            continue
        leads.update(id(call) for call, _ in event.reads)
        own = [node.item for path in event.call.tensors if (node := tree.at(path)) is not None]
        trains = any(isinstance(item, Tensor) and requires_grad(item) for item in own)
        if not event.gives and (trains or any(live for _, live in event.reads)):
            return cut_at(event)
    return None


def gives_graph(trace: Trace) -> bool:
    """Return whether a gradient flows back to anything that the network of a run returned."""
    results = {id(call) for _, call in trace.lineage.results}
    return any(event.gives and id(event.call) in results for event in trace.lineage.events)
