"""Watches a backward: of each node of the graph how long it took, and the norms of what came to it and what it gave.

Hooks on the nodes see the gradients and change none; they go when the backward ends, however it ends, as a hook that
stays would keep the whole graph alive.  What is known afterwards holds no node and no tensor.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from weakref import ref

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import get_gradient_edge

from ...work.gc_paused import gc_paused
from ..graph import NODE_LIMIT
from .element import BadElement, bad_element, is_suspect
from .norms import Norms


class Edge(NamedTuple):
    """A way that a gradient takes: from a node to one of the outputs of another."""

    node: int
    """Index of the node that it leads to."""
    output: int
    """Which output of the operation that node belongs to it is the gradient of."""
    slot: int
    """Of its norm."""


@dataclass(slots=True, eq=False)
class GraphStep:
    """One node of the graph, with what passed it."""

    sequence: int
    name: str
    """`AddmmBackward0`."""
    variable: int | None
    """The identity of the leaf whose gradient it adds to; None for another node."""
    leaf: ref[Tensor] | None
    """That leaf."""
    is_function: bool
    """Whether it is of an `autograd.Function`."""
    edges: list[Edge | None]
    """By input of its operation; None for one without gradient."""
    arriving: dict[int, int] = field(default_factory=dict)
    """By output of its operation, the slot of the norm of the gradient that came, after all uses were added."""
    feeders: list[tuple[int, int]] = field(default_factory=list)
    """Node and slot of each edge that leads here."""
    seconds: float | None = None
    """None where it did not run."""
    bad: BadElement | None = None
    """An element where what it gave is not finite, if that was looked at."""


class Taker(Protocol):
    """Sees the gradients that come to the nodes."""

    def choose(self, steps: Sequence[GraphStep]) -> None:
        """Take note of the nodes before the backward runs."""

    def take(self, step: GraphStep, came: Sequence[Tensor | None]) -> None:
        """Take what came to a node, by output of its operation."""


class BackwardWatch:
    """What passed through the graph of a backward.

    Args:
        taker: sees the gradients themselves; None for nobody.
    """

    def __init__(self, taker: Taker | None = None) -> None:
        self._taker = taker
        self.steps: list[GraphStep] = []
        self.order: list[int] = []
        """The nodes in the order in which they ran."""
        self.complete = True
        """Whether the graph was small enough to be watched; otherwise nothing is known of it."""
        self._norms = Norms()
        self._slots = 0
        self._own: set[int] = set()
        """Slots of gradients that are no edge's: of a start, or of a sum."""

    def norm(self, slot: int) -> float | None:
        """Return the norm of a slot; None where no gradient came that way, or it has none."""
        return self._norms.values.get(slot)

    def arrived(self, step: GraphStep) -> float | None:
        """Return the norm of the gradients that came to a node, of all outputs of its operation together."""
        values = self._norms.values
        if len(step.arriving) == 1:
            (slot,) = step.arriving.values()
            return values.get(slot)
        norms = [values[slot] for slot in step.arriving.values() if slot in values]
        return _together(norms) if norms else None

    def gave(self, step: GraphStep) -> list[float]:
        """Return the norms of the gradients that a node gave."""
        values = self._norms.values
        return [values[edge.slot] for edge in step.edges if edge is not None and edge.slot in values]

    def all_finite(self) -> bool:
        """Return whether every gradient that passed was finite."""
        return all(map(math.isfinite, self._norms.values.values()))

    def leaves(self) -> Iterator[GraphStep]:
        """Return the nodes that add to the gradients of leaves."""
        return (step for step in self.steps if step.variable is not None)

    @contextmanager
    def over(self, starts: Sequence[Tensor]) -> Iterator[None]:
        """Watch the backward from `starts` that runs meanwhile."""
        handles: list[Any] = []
        try:
            clock = [0.0]
            with gc_paused():
                nodes = self._walk(starts)
                if self._taker is not None:
                    self._taker.choose(self.steps)
                for index, node in enumerate(nodes):
                    step = self.steps[index]
                    if step.variable is None:
                        handles.append(node.register_hook(self._hook(index, node, clock)))
                    elif len(step.feeders) > 1:
                        handles.append(node.register_prehook(self._before(step)))
                del nodes
            clock[0] = time.perf_counter()
            yield
        finally:
            for handle in handles:
                handle.remove()
            with torch.no_grad(), torch._C.DisableTorchFunction():
                self._norms.finish()

    def _slot(self) -> int:
        """Return a slot for a norm that is no edge's."""
        self._slots += 1
        self._own.add(self._slots - 1)
        return self._slots - 1

    def _walk(self, starts: Sequence[Tensor]) -> list[Any]:
        """Take down the graph, breadth first: what Python touches of a deep one is then near its root."""
        roots = [get_gradient_edge(start) for start in starts]
        nodes: list[Any] = []
        numbers: dict[int, int] = {}
        for root in roots:
            if id(root.node) not in numbers:
                numbers[id(root.node)] = len(nodes)
                nodes.append(root.node)
        for node in nodes:  # it grows
            edges: list[Edge | None] = []
            for below, output in node.next_functions:
                if below is None:
                    edges.append(None)
                    continue
                number = numbers.get(id(below))
                if number is None:
                    if len(nodes) >= NODE_LIMIT:
                        self.complete = False
                        self.steps.clear()
                        return []
                    number = numbers[id(below)] = len(nodes)
                    nodes.append(below)
                edges.append(Edge(number, output, self._slots))
                self._slots += 1
            leaf = node.variable if type(node).__name__ == "AccumulateGrad" else None
            self.steps.append(
                GraphStep(
                    node._sequence_nr(),
                    node.name(),
                    None if leaf is None else id(leaf),
                    None if leaf is None else ref(leaf),
                    isinstance(node, BackwardCFunction),
                    edges,
                )
            )
        self._join(roots, numbers)
        return nodes

    def _join(self, roots: Sequence[Any], numbers: dict[int, int]) -> None:
        """Note at each node what feeds it; where that is several gradients, their sum has a norm of its own."""
        steps = self.steps
        for root in roots:  # the gradient that backward starts with has no edge
            steps[numbers[id(root.node)]].arriving[root.output_nr] = self._slot()
        for index, step in enumerate(steps):
            for edge in step.edges:
                if edge is None:
                    continue
                below = steps[edge.node]
                below.feeders.append((index, edge.slot))
                arriving = below.arriving
                before = arriving.setdefault(edge.output, edge.slot)
                if before != edge.slot and before not in self._own:
                    arriving[edge.output] = self._slot()

    def _hook(self, index: int, node: Any, clock: list[float]) -> Callable[..., None]:
        step, add, order, now = self.steps[index], self._norms.add, self.order, time.perf_counter
        slots = [-1 if edge is None else edge.slot for edge in step.edges]
        sums = [(output, slot) for output, slot in step.arriving.items() if slot in self._own]
        suspect = is_suspect(step.name)
        taker = self._taker

        def passed(given: tuple[Tensor | None, ...], came: tuple[Tensor | None, ...]) -> None:
            step.seconds = (step.seconds or 0.0) + now() - clock[0]
            order.append(index)
            for slot, gradient in zip(slots, given, strict=False):
                if gradient is not None and slot >= 0:
                    add(slot, gradient)
            for output, slot in sums:
                if output < len(came) and (gradient := came[output]) is not None:
                    add(slot, gradient)
            if suspect and step.bad is None:
                step.bad = bad_element(node, given, came)
            if taker is not None:
                taker.take(step, came)
            clock[0] = now()

        return passed

    def _before(self, step: GraphStep) -> Callable[..., None]:
        (slot,) = step.arriving.values()

        def passes(came: tuple[Tensor | None, ...]) -> None:
            if came[0] is not None:
                self._norms.add(slot, came[0])

        return passes


def _together(norms: Sequence[float]) -> float:
    """Return the norm of several gradients together; NaN where one of them holds such, even beside an infinity."""
    return math.nan if any(map(math.isnan, norms)) else math.hypot(*norms)
