"""How large the gradients were that came to each layer in the last backward, in order of execution: by depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from ..messages import GradientPage, LayerGradient
from ..messages.page import LONGEST_PAGE

if TYPE_CHECKING:
    from ..run.trace.calls import Call
    from .session import Session


def with_layers(session: Session, page: GradientPage) -> GradientPage:
    """Return the first page of the norms below a module with the gradients at its layers, after a backward.

    A layer is a row of the last run's calls that read a parameter at or below the page's path.
    """
    from ..run.backward import UNWATCHED

    trace = session.runs.newest
    if page.start or page.passing or trace is None or trace.went_back is None:
        return page
    if not trace.went_back.watched:
        return msgspec.structs.replace(page, note=page.note or UNWATCHED)
    model = session.live
    nodes = (model.tree.nodes[node] for node in model.tensors_at(page.path).nodes)
    parameters = {node.path for node in nodes if node.kind == "parameter"}
    layers = [call for call in trace.calls if not parameters.isdisjoint(call.tensors)]
    return msgspec.structs.replace(page, layers=neighbours_merged(layers, LONGEST_PAGE))


def neighbours_merged(calls: Sequence[Call], limit: int) -> list[LayerGradient]:
    """Return the gradients at calls in their order; of more than `limit`, neighbours are one."""
    size = max(math.ceil(len(calls) / limit), 1)
    return [_of(calls[at : at + size]) for at in range(0, len(calls), size)]


def _of(calls: Sequence[Call]) -> LayerGradient:
    norms = [call.backward.norm for call in calls if call.backward is not None and call.backward.norm is not None]
    bad = [norm for norm in norms if not math.isfinite(norm)]
    first = calls[0]
    norm = bad[0] if bad else median(norms) if norms else None
    return LayerGradient(path=first.module, op=first.op, layers=len(calls), norm=norm)
