"""Watches a backward: of each node of the graph how long it took, and the norms of what came to it and what it gave.

Hooks on the nodes see the gradients and change none; they go when the backward ends, however it ends, as a hook that
stays would keep the whole graph alive.  What is known afterwards holds no node and no tensor.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol
from weakref import ref

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import get_gradient_edge

from ...work.gc_paused import gc_paused
from ..graph import NODE_LIMIT
from ..trace.calls import Call
from .element import BadElement, bad_element, is_suspect
from .norms import SMALL, Norms

Gradients = Sequence[Tensor | None]
"""What a node gives, or what comes to it; None in place of a gradient that there is not."""
_numel = torch._C.TensorBase.numel
LATELY = 64
"""Nodes that ran of which the gradients are held, if small, until they are measured together."""


class GraphStep:
    """One node of the graph, with what passed it."""

    __slots__ = (
        "arriving",
        "bad",
        "feeders",
        "is_function",
        "leaf",
        "name",
        "seconds",
        "sequence",
        "slots",
        "variable",
    )

    def __init__(self, sequence: int, name: str, leaf: Tensor | None, is_function: bool) -> None:
        self.sequence = sequence
        self.name = name
        """`AddmmBackward0`."""
        self.variable = None if leaf is None else id(leaf)
        """The identity of the leaf whose gradient it adds to; None for another node."""
        self.leaf = None if leaf is None else ref(leaf)
        """That leaf."""
        self.is_function = is_function
        """Whether it is of an `autograd.Function`."""
        self.slots: list[int] = []
        """By input of its operation, the slot of the norm of the gradient that it gives; -1 for one without."""
        self.arriving: dict[int, int] = {}
        """By output of its operation, the slot of the norm of the gradient that came, after all uses were added."""
        self.feeders: list[tuple[int, int]] = []
        """Node and slot of each edge that leads here."""
        self.seconds: float | None = None
        """None where it did not run."""
        self.bad: BadElement | None = None
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
        call_at: returns the call within which the node of a number was made; None knows of no call.
    """

    def __init__(self, taker: Taker | None = None, call_at: Callable[[int], Call | None] | None = None) -> None:
        self._taker = taker
        self._call_at = call_at
        self.steps: list[GraphStep] = []
        self.order: list[int] = []
        """The nodes in the order in which they ran."""
        self.complete = True
        """Whether the graph was small enough to be watched; otherwise nothing is known of it."""
        self._norms = Norms()
        self._own: set[int] = set()
        """Slots of gradients that are no edge's: of a start, or of a sum."""
        self._summed: set[int] = set()
        """Nodes where such come."""
        self._lock = threading.Lock()  # torch has a thread for each accelerator
        self._passed: list[tuple[int, float, Sequence[Tensor | None], float]] = []
        """The nodes that ran lately, in that order: when each ended, the gradients that it gave if these are small, and
        when looking at it ended."""
        self._turned: list[GraphStep] = []
        """Those that turn a weight within a call of `linear`, on which there are no hooks."""
        self._since = 0.0
        """When the node before these ended."""

    def norm(self, slot: int) -> float | None:
        """Return the norm of a slot; None where no gradient came that way, or it has none."""
        return self._norms.values.get(slot)

    def arrived(self, step: GraphStep) -> float | None:
        """Return the norm of the gradients that came to a node, of all outputs together; None where none came."""
        values = self._norms.values
        if len(step.arriving) == 1:
            (slot,) = step.arriving.values()
            return values.get(slot)
        norms = [values[slot] for slot in step.arriving.values() if slot in values]
        return _together(norms) if norms else None

    def gave(self, step: GraphStep) -> list[float]:
        """Return the norms of the gradients that a node gave."""
        values = self._norms.values
        return [values[slot] for slot in step.slots if slot in values]

    def all_finite(self) -> bool:
        """Return whether every gradient that passed was finite."""
        return all(map(math.isfinite, self._norms.values.values()))

    def leaves(self) -> Iterator[GraphStep]:
        """Return the nodes that add to the gradients of leaves."""
        return (step for step in self.steps if step.leaf is not None)

    @contextmanager
    def over(self, starts: Sequence[Tensor]) -> Iterator[None]:
        """Watch the backward from `starts` that runs meanwhile."""
        handles: list[Any] = []
        try:
            with gc_paused():
                nodes = self._walk(starts)
                if self._taker is not None:
                    self._taker.choose(self.steps)
                self._hook(nodes, handles)
                del nodes
            self._since = time.perf_counter()
            yield
        finally:
            for handle in handles:
                handle.remove()
            with torch.no_grad(), torch._C.DisableTorchFunction():
                self._take_down()
                self._norms.finish()
                self._note_turned()

    def _take_down(self) -> None:
        """Note how long the nodes took that ran, and measure what they gave, which is small."""
        steps, order, take = self.steps, self.order, self._norms.add_all
        with self._lock:
            passed = self._passed[:]
            before = self._since
            for index, ended, given, done in passed:
                order.append(index)
                step = steps[index]
                step.seconds = (step.seconds or 0.0) + ended - before
                if given:
                    take(step.slots, given)
                before = done
            self._since = before
            del self._passed[: len(passed)]

    def _note_turned(self) -> None:
        """Note of the nodes that turn a weight that they gave what came to them."""
        values = self._norms.values
        for step in self._turned:
            (slot,) = step.arriving.values()
            if slot in values:
                values[step.slots[0]], step.seconds = values[slot], 0.0

    def _walk(self, starts: Sequence[Tensor]) -> list[Any]:
        """Take down the graph, breadth first: what Python touches of a deep one is then near its root."""
        nodes: list[Any] = []
        numbers: dict[int, int] = {}
        kinds: dict[type, _Kind] = {}
        steps, own, summed, slot = self.steps, self._own, self._summed, 0
        for root in [get_gradient_edge(start) for start in starts]:
            number = numbers.get(id(root.node))
            if number is None:
                number = numbers[id(root.node)] = len(nodes)
                nodes.append(root.node)
                steps.append(_step(root.node, kinds))
            own.add(slot)  # the gradient that backward starts with has no edge
            summed.add(number)
            steps[number].arriving[root.output_nr] = slot
            slot += 1
        for index, node in enumerate(nodes):  # it grows
            slots = steps[index].slots
            for below, output in node.next_functions:
                if below is None:
                    slots.append(-1)
                    continue
                number = numbers.get(id(below))
                if number is None:
                    if len(nodes) >= NODE_LIMIT:
                        self.complete = False
                        steps.clear()
                        return []
                    number = numbers[id(below)] = len(nodes)
                    nodes.append(below)
                    steps.append(_step(below, kinds))
                slots.append(slot)
                step = steps[number]
                step.feeders.append((index, slot))
                before = step.arriving.setdefault(output, slot)
                if before != slot and before not in own:  # the sum of several gradients has a norm of its own
                    slot += 1
                    own.add(slot)
                    summed.add(number)
                    step.arriving[output] = slot
                slot += 1
        return nodes

    def _hook(self, nodes: Sequence[Any], handles: list[Any]) -> None:
        """Put hooks on the nodes of the graph; `handles` take them off again.

        What a hook does while a node's code is in the processor's cache takes three times as long as afterwards.
        """
        taker, summed, steps, norms = self._taker, self._summed, self.steps, self._norms
        passed, note, now = self._passed, self._passed.append, time.perf_counter

        def passes(index: int, given: Gradients, came: Gradients) -> None:
            ended = now()
            for gradient in given:
                if gradient is not None and (type(gradient) is not Tensor or _numel(gradient) > SMALL):
                    norms.add_all(steps[index].slots, given)
                    given = ()
                    break
            note((index, ended, given, now()))
            if len(passed) >= LATELY:
                self._take_down()
                self._since = now()

        for index, (node, step) in enumerate(zip(nodes, self.steps, strict=True)):
            if step.leaf is not None:
                if len(step.feeders) > 1:
                    handles.append(node.register_prehook(self._before(step)))
            elif step.name == "TBackward0" and index not in summed and self._is_inner(step):
                self._turned.append(step)
            elif taker is not None or index in summed or is_suspect(step.name):
                handles.append(node.register_hook(self._closely(index, node, step)))
            else:
                handles.append(node.register_hook(partial(passes, index)))

    def _is_inner(self, step: GraphStep) -> bool:
        """Return whether a node was made within a call of `linear` with the one that leads to it.

        No other code got at the tensor between them, to put a hook on it that changes what passes.
        """
        if self._call_at is None or len(step.feeders) != 1:
            return False
        call = self._call_at(step.sequence)
        if call is None or call.op != "linear":
            return False
        return self._call_at(self.steps[step.feeders[0][0]].sequence) is call

    def _closely(self, index: int, node: Any, step: GraphStep) -> Callable[..., None]:
        """Return the hook of a node of which more is looked at than how large the gradients are that it gives."""
        taker, now, note, norms = self._taker, time.perf_counter, self._passed.append, self._norms
        is_suspicious = is_suspect(step.name)
        sums = [(output, slot) for output, slot in step.arriving.items() if slot in self._own]

        def passes(given: Gradients, came: Gradients) -> None:
            ended = now()
            norms.add_all(step.slots, given)
            for output, slot in sums:
                if output < len(came) and (gradient := came[output]) is not None:
                    norms.add(slot, gradient)
            if is_suspicious and step.bad is None:
                step.bad = bad_element(node, given, came)
            if taker is not None:
                taker.take(step, came)
            note((index, ended, (), now()))

        return passes

    def _before(self, step: GraphStep) -> Callable[..., None]:
        (slot,) = step.arriving.values()

        def passes(came: Gradients) -> None:
            if came[0] is not None:
                self._norms.add(slot, came[0])

        return passes


class _Kind(NamedTuple):
    """What all nodes of one class have in common."""

    name: str
    """Empty where each has its own."""
    is_leaf: bool
    is_function: bool


def _step(node: Any, kinds: dict[type, _Kind]) -> GraphStep:
    """Return what is known of a node; `kinds` is filled, as hardly any class is seen once."""
    known = kinds.get(type(node))
    if known is None:
        kind = type(node)
        name = "" if kind.__name__ == "CppFunction" else node.name()
        known = kinds[kind] = _Kind(name, kind.__name__ == "AccumulateGrad", issubclass(kind, BackwardCFunction))
    name, is_leaf, is_function = known
    return GraphStep(node._sequence_nr(), name or node.name(), node.variable if is_leaf else None, is_function)


def _together(norms: Sequence[float]) -> float:
    """Return the norm of several gradients together; NaN where one of them holds such, even beside an infinity."""
    return math.nan if any(map(math.isnan, norms)) else math.hypot(*norms)
