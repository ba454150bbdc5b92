"""The parts of a gradient that is a sum: one for each use of a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..trace.record import Trace
from ..trace.went_back import Use
from .attributed import Attribution
from .watch import BackwardWatch, GraphStep

_VIEWS = ("TBackward", "TransposeBackward", "ViewBackward", "ExpandBackward", "PermuteBackward", "UnsqueezeBackward")
"""Nodes of views: one that is made once and used several times is no use of its own."""


def uses_of_parameters(
    trace: Trace, watch: BackwardWatch, name_of: Callable[[int], str | None]
) -> dict[str, list[Use]]:
    """Return by path the uses of each parameter that a backward came to by several ways, in the order of the run.

    Args:
        name_of: gives the path of a parameter by its identity; None for another leaf.
    """
    attribution = Attribution(trace)
    found: dict[str, list[Use]] = {}
    for leaf in watch.leaves():
        if len(leaf.feeders) == 1 and len(watch.steps[leaf.feeders[0][0]].feeders) < 2:
            continue  # as nearly all
        path = None if leaf.variable is None else name_of(leaf.variable)
        edges = sorted(_edges(watch, leaf), key=lambda edge: -edge[0].sequence)
        if path is None or len(edges) < 2:
            continue
        by_row: dict[int, Use] = {}
        for step, slot in edges:
            norm = watch.norm(slot)
            if norm is not None:
                call = attribution.call_of(step)
                row = None if call is None else call.row_of()
                by_row.setdefault(-1 if row is None else row.index, Use(row, [])).norms.append(norm)
        if sum(len(use.norms) for use in by_row.values()) > 1:
            found[path] = [by_row[row] for row in sorted(by_row)]
    return found


def _edges(watch: BackwardWatch, step: GraphStep) -> Iterator[tuple[GraphStep, int]]:
    """Yield the nodes that use a leaf with the slots of what they give; past a view the nodes that use that."""
    for index, slot in step.feeders:
        feeder = watch.steps[index]
        if len(feeder.feeders) > 1 and feeder.name.startswith(_VIEWS):
            yield from ((watch.steps[above], up) for above, up in feeder.feeders)
        else:
            yield feeder, slot
