"""What a backward needs and was written over through `.data`, which torch does not notice: its gradients are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import Any

from torch import Tensor

from ...live.live_tree import LiveTree
from ...tensors.plainly import plainly
from ..trace.calls import Call, sizes_of
from ..trace.flow import storage_of
from ..trace.record import Trace
from ..trace.went_back import Conflict
from .attributed import Attribution
from .conflicts import named, nodes_below

_UNSEEN = frozenset(("data", "set_data"))
_UNUSED = ("_running_mean", "_running_var")
"""What batch_norm saves and in training does not need: the statistics of its batch take their place."""


def unnoticed_conflict(starts: Sequence[Tensor], trace: Trace, tree: Callable[[], LiveTree | None]) -> Conflict | None:
    """Return which call needs what a later one wrote into through `.data`; None for none, and where looking fails.

    Is asked before backward: afterwards the graph no longer has what it needed.  Costs nothing where `.data` was not
    written to.

    Args:
        tree: returns the network's, which gives the paths of its tensors; asked where there is such a write alone.
    """
    with suppress(Exception):  # the backward goes on, whatever we make of what was seen
        return _conflict(starts, trace, tree)
    return None


@plainly
def _conflict(starts: Sequence[Tensor], trace: Trace, tree: Callable[[], LiveTree | None]) -> Conflict | None:
    writers = _writers(trace)
    if not writers:
        return None
    attribution, known = Attribution(trace), tree()
    nodes = [] if known is None else known.nodes
    own = {storage_of(node.item): node.path for node in reversed(nodes) if isinstance(node.item, Tensor)}
    for node in nodes_below(starts):
        number = node._sequence_nr()
        for name, tensor in _saved(node):
            memory = storage_of(tensor)
            later = (call for first, call in writers.get(memory, ()) if first > number)
            writer = next((call for call in later if _is_hit(tensor, call)), None)
            needed = None if writer is None else attribution.call_of_node(node)
            if writer is None or needed is None:
                continue
            what = own.get(memory) or ("what it gave" if name == "result" else "what it read")
            at = f" at {writer.where}" if writer.where else ""
            text = (
                f"{named(needed)} needs {what} for backward, and {writer.op}{at} changed it through .data, which torch "
                "does not notice: the gradients are wrong; write into a clone() of it instead"
            )
            return Conflict(text, needed, writer, writer.where)
    return None


def _writers(trace: Trace) -> Mapping[int, list[tuple[int, Call]]]:
    """Return by memory the calls that wrote into it through `.data`, with the number that the next node then had."""
    found: dict[int, list[tuple[int, Call]]] = {}
    writes = [
        (memory, call)
        for memory, _, call in trace.lineage.writes
        if memory
        and any(producer.op in _UNSEEN for producer in call.row_of().producers)  # a turn that was folded has none
    ]
    if writes:
        firsts = {id(event.call): event.first for event in trace.lineage.events}
        for memory, call in writes:
            if id(call) in firsts:
                found.setdefault(memory, []).append((firsts[id(call)], call))
    return found


def _is_hit(saved: Tensor, writer: Call) -> bool:
    """Return whether a call surely wrote into what was saved: one of both is all of their memory, and not a part."""
    size = saved.untyped_storage().nbytes()
    written = sizes_of(next(iter(writer.inputs), None))
    elements = 0 if written is None else prod(written)
    return max(saved.numel(), elements) * saved.element_size() >= size


def _saved(node: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield by name each tensor that a node saved and needs, and that no hook packed."""
    unused = _UNUSED if getattr(node, "_saved_training", False) is True else ()
    for raw_name in dir(type(node)):
        if not raw_name.startswith("_raw_saved_") or raw_name.endswith(unused):
            continue
        try:
            raw = getattr(node, raw_name)
        except RuntimeError:
            continue
        for part in raw if isinstance(raw, (tuple, list)) else (raw,):
            if part is None or getattr(part, "unpack_hook", None) is not None:
                continue
            tensor = getattr(part, "data", None)
            if isinstance(tensor, Tensor):
                yield raw_name.removeprefix("_raw_saved_"), tensor
