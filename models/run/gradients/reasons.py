"""Why a parameter has no gradient: what the run did with it between its first use and what backward started from.

One pass backwards over the operations of the run says for each where a gradient that would come out of it is lost: at
a cut, where the graph ends although the values go on; at an operation whose result nobody uses; in another result of
the network.  Nothing of this was kept as tensors, and it takes as long for one parameter as for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from ...live.live_tree import LiveTree, Node
from ...tensors.tensors import requires_grad
from ..trace.flow import storage_of
from ..trace.lineage import LineageEvent
from ..trace.record import Trace
from ..trace.went_back import Reason
from .attributed import Attribution
from .cuts import LEAVES_TORCH, SHAPE_ALONE, cut_at, is_cut, unused_output
from .watch import BackwardWatch, GraphStep


class _End(NamedTuple):
    """Where a gradient is lost, and how surely that is why it is missing: the greater the surer."""

    rank: int
    reason: Reason


class Reasons:
    """Why gradients are missing after a backward.

    Args:
        watch: what the backward came by.
        others: path in the result of each tensor that backward did not start from, by its identity.
    """

    def __init__(self, trace: Trace, watch: BackwardWatch, others: Mapping[int, str]) -> None:
        self._trace = trace
        self._watch = watch
        self._leaves = {step.variable: step for step in watch.leaves()}
        self._attribution = Attribution(trace)
        self._events = trace.lineage.events
        self._known = trace.lineage.complete and watch.complete and not trace.in_threads
        reached = [self._attribution.call_of(step) for step in watch.steps]
        self._in_graph = {id(call) for call in reached if call is not None}
        self._results = {id(call): others[key] for key, call in trace.lineage.results if key in others}
        self._consumers: dict[int, list[tuple[int, bool]]] = {}
        """By call, the indices of the operations that read what it gave, and whether a gradient flows back to it."""
        for index, event in enumerate(self._events):
            for call, live in event.reads:
                self._consumers.setdefault(id(call), []).append((index, live))
        self._leads = self._before(event for event in self._events if id(event.call) in self._in_graph)
        """Calls whose values went into what backward started from."""
        self._left = self._before(event for event in self._events if event.call.op in LEAVES_TORCH)
        self._ends = self._find_ends()
        self._readers: dict[str, list[int]] = {}
        for index, event in enumerate(self._events):
            for path in event.call.tensors:
                self._readers.setdefault(path, []).append(index)
        self._called = {call.module for call in trace.calls if call.kind == "module"}

    def of(self, node: Node, tree: LiveTree, replaced: Mapping[str, str]) -> Reason:
        """Return why the parameter of a tree's node has no gradient.

        Args:
            replaced: by path, the lines at which the forward replaced parameters.
        """
        names = (node.path, *node.shared_with)
        if not requires_grad(node.item):  # type: ignore[arg-type]
            return Reason("frozen", "frozen: requires_grad is False")
        for path in names:
            if path in replaced:
                where = replaced[path]
                at = f" at {where}" if where else ""
                return Reason("replaced", f"the forward replaced it{at}: what was read before is another object", where)
        leaf = self._leaves.get(id(node.item))
        if leaf is not None:
            return self._gave_none(leaf)
        if not self._known:
            return Reason("unknown", "not known: the run was too long or had several threads")
        readers = sorted({index for path in names for index in self._readers.get(path, ())})
        if not readers:
            return self._unread(node, tree)
        ends = [self._end_of_reader(index) for index in readers]
        return max(ends, key=lambda end: end.rank).reason

    # -- the pass over the operations --------------------------------------------------------------------------------
    def _before(self, last: Iterable[LineageEvent]) -> set[int]:
        """Return the calls whose values went into any of `last`, these included."""
        found = {id(event.call) for event in last}
        for event in reversed(self._events):
            if id(event.call) in found and event.call.op not in SHAPE_ALONE:
                found.update(id(call) for call, _ in event.reads)
        return found

    def _find_ends(self) -> list[_End | None]:
        """Return of each operation where a gradient that would come out of it is lost; None where it is not."""
        ends: list[_End | None] = [None] * len(self._events)
        for index in range(len(self._events) - 1, -1, -1):
            found = self._ends_of(index, ends)
            ends[index] = max(found, key=lambda end: end.rank) if found else None
        return ends

    def _ends_of(self, index: int, ends: Sequence[_End | None]) -> list[_End]:
        event = self._events[index]
        call = event.call
        consumers = [each for each in self._consumers.get(id(call), ()) if each[0] != index]
        live = [each for each, is_live in consumers if is_live]
        if is_cut(event) or not (event.gives or live):
            return [self._cut(event, consumers)]
        if id(call) in self._in_graph:
            return []
        found: list[_End] = []
        for consumer in live:
            later = self._events[consumer]
            if id(later.call) in self._in_graph and not is_cut(later):
                found.append(_End(6, unused_output(later.call)))
            elif (end := ends[consumer]) is not None:
                found.append(end)
        dead = [each for each in consumers if not each[1]]
        if dead:  # of several results one without gradient, as the indices of a maximum
            in_place = next((each for each in live if self._events[each].call.op == "detach_"), None)
            found.append(self._cut(event if in_place is None else self._events[in_place], dead))
        if id(call) in self._results:
            path = self._results[id(call)]
            text = f"leads only to {path or 'a result'}, and backward did not start there"
            found.append(_End(10, Reason("dropped", text, call.where, call)))
        if not found and not consumers:
            what = call.row_of()
            name = f"{what.module} ({what.op})" if what.kind == "module" and what.module else call.op
            at = f" at {call.where}" if call.where else ""
            text = f"what {name} gives{at} is not used for what backward started from"
            found.append(_End(4, Reason("dropped", text, call.where, call)))
        return found

    def _cut(self, event: LineageEvent, consumers: Sequence[tuple[int, bool]]) -> _End:
        key = id(event.call)
        after = set(map(id, (self._events[index].call for index, _ in consumers)))
        leads = (key in self._leads and key not in self._in_graph) or bool(after & self._leads)
        left = event.call.op in LEAVES_TORCH or bool(after & self._left)
        outside = next(
            (self._events[each].call for each, _ in consumers if self._events[each].call.op == "numpy"), None
        )
        op = event.call.op
        rank = 0 if op in SHAPE_ALONE else 6 if leads else 4 if op in LEAVES_TORCH else 3 if left else 1
        reason = cut_at(event, outside)
        return _End(
            2 * rank + (reason.cause in ("detached", "no_grad")), reason
        )  # of two such the one that was written

    def _end_of_reader(self, index: int) -> _End:
        end = self._ends[index]
        if end is not None:
            return end
        call = self._events[index].call
        if id(call) in self._in_graph:
            return _End(6, unused_output(call))
        return _End(0, Reason("unknown", f"not known: {call.op} at {call.where} read it", call.where, call))

    # -- parameters that no operation read, or whose operation gave them nothing ------------------------------------
    def _gave_none(self, leaf: GraphStep) -> Reason:
        """Return why no gradient came to a leaf of the graph: an operation on the way gave none."""
        waiting, seen = [leaf], {id(leaf)}
        for step in waiting:  # it grows
            for index, _ in step.feeders:
                feeder = self._watch.steps[index]
                if any(self._watch.norm(slot) is not None for slot in feeder.arriving.values()):
                    call = self._attribution.call_of(feeder)
                    name = feeder.name.removesuffix("Backward")
                    where = call.where if call is not None else ""
                    at = f" at {where}" if where else ""
                    return Reason("not_differentiable", f"the backward of {name}{at} gives it no gradient", where, call)
                if id(feeder) not in seen:
                    seen.add(id(feeder))
                    waiting.append(feeder)
        return Reason("unknown", "not known: no gradient came to it in the graph")

    def _unread(self, node: Node, tree: LiveTree) -> Reason:
        item: Any = node.item
        memory = storage_of(item)
        leaves = [(step, leaf) for step in self._watch.leaves() if (leaf := leaf_of(step)) is not None]
        copied = next((step for step, leaf in leaves if memory and storage_of(leaf) == memory), None)
        if copied is not None:
            call = self._attribution.call_of(self._watch.steps[copied.feeders[0][0]]) if copied.feeders else None
            where = "" if call is None else call.where
            at = f", which {call.op} at {where} reads" if call is not None else ""
            return Reason(
                "detached", f"the forward made a new Parameter of its memory{at}: that has the gradient", where
            )
        holder = tree.holder(node)
        if not node.registered:
            return Reason("unregistered", "not registered, and no call read it")
        if isinstance(holder.item, nn.Module) and holder.path not in self._called and holder.index:
            text = f"no call read it: {holder.path} was not called"
        else:
            text = "no call read it"
        return Reason("unread", text)


def unregistered_leaves(trace: Trace, watch: BackwardWatch, known: Iterable[object]) -> list[Reason]:
    """Return the parameters that a gradient came to and that are none of the `known` tensors, where each is used."""
    identities = set(map(id, known))
    found = []
    for step in watch.leaves():
        if step.variable in identities or not step.feeders or not isinstance(leaf_of(step), nn.Parameter):
            continue
        call = Attribution(trace).call_of(watch.steps[step.feeders[0][0]])
        if call is not None:
            text = f"a parameter that the network does not hold gets a gradient by {call.op}"
            found.append(Reason("unregistered", text, call.where, call))
    return found


def leaf_of(step: GraphStep) -> Tensor | None:
    """Return the leaf whose gradient a node adds to; None for another node, or where the leaf is gone."""
    return None if step.leaf is None else step.leaf()
