"""The dataflow of one module's call: which of the calls directly within it read the results of which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..trace.calls import Call

INPUT, OUTPUT = -1, -2
"""Stand for what the module was given, and for what it returned."""


@dataclass(frozen=True, slots=True)
class ModuleGraph:
    """Calls as nodes, and edges from those that made something to those that read it."""

    module: Call
    nodes: list[Call] = field(default_factory=list)
    """The calls directly within the module's, in order of execution."""
    edges: list[tuple[int, int]] = field(default_factory=list)
    """Indices of rows, each pair once; `INPUT` and `OUTPUT` among them.  Of a folded loop a row may lead to itself."""


class NoGraph(Exception):
    """The module was not called, or nothing runs within its call; the text says which."""


def graph_of(calls: Sequence[Call], path: str) -> ModuleGraph:
    """Return the dataflow of the first call of the module at `path`.

    What a call within a call reads counts for the outer one.  Parameters and constants are no nodes.

    Args:
        calls: the rows of a run, in order.

    Raises:
        NoGraph: see there.
    """
    start = next((row for row in calls if row.kind == "module" and row.module == path), None)
    if start is None:
        raise NoGraph(f"{path or 'the network'} was not called in this run")
    within = []
    for row in calls[start.index + 1 :]:
        if row.depth <= start.depth:
            break
        within.append(row)
    if not within:
        raise NoGraph(f"{path or 'the network'} is one operation: there is no dataflow within it")
    owner: dict[int, int] = {}
    flow = ModuleGraph(start)
    for row in within:
        if row.depth == start.depth + 1:
            flow.nodes.append(row)
        owner[row.index] = flow.nodes[-1].index
    edges: dict[tuple[int, int], None] = {}
    for row in within:
        into = owner[row.index]
        from_outside = [index for index in row.producer_rows() if index not in owner]
        if from_outside or row.reads_input:
            edges[INPUT, into] = None
        for index in row.producer_rows():
            made_by = owner.get(index)
            if made_by is not None and (made_by != into or (row.repeat > 1 and row.index == into)):
                edges[made_by, into] = None
    for index in start.returned_rows():
        if index in owner:
            edges[owner[index], OUTPUT] = None
    flow.edges.extend(edges)
    return flow
