"""Why a backward failed: which call needs a tensor that was changed in place, or was used up, and what mends it.

Nothing is recorded for this before but which calls wrote into which memory: the graph still knows what it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from ...live.live_tree import LiveTree
from ...tensors.plainly import plainly
from ..graph import discovered
from ..trace.calls import Call, sizes_of
from ..trace.flow import storage_of
from ..trace.lines import line_text
from ..trace.record import Trace
from ..trace.went_back import Conflict
from .anew import assigned_anew, assigns_part
from .attributed import Attribution

_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")

_ANEW = {
    "zero_": "torch.zeros_like", "fill_": "torch.full_like", "copy_": "what is copied itself", "uniform_":
    "torch.rand_like", "normal_": "torch.randn_like", "random_": "torch.randint_like",
}  # fmt: skip
"""What gives anew what an operation that has no other form writes into all of a tensor."""
_PARTS = frozenset(("__getitem__", "narrow", "select", "chunk", "split", "unbind", "diagonal", "tensor_split"))
"""Operations that give views of a part."""


class _Saved(NamedTuple):
    node: Any
    name: str
    """`result`, `self`, `mat2`: what of the operation it is."""
    memory: int
    """0 where it is not known, as of a parameter."""
    elements: int
    """How many it is of; 0 where that is not known."""


@plainly
def conflict_of(
    error: BaseException, starts: Sequence[Tensor], trace: Trace, tree: LiveTree | None = None
) -> Conflict | None:
    """Return why a backward from `starts` failed; None where that is no conflict, or not known.

    Args:
        tree: the network's, which gives the paths of its tensors.
    """
    message = str(error)
    if "modified by an inplace operation" in message:
        nodes = [] if tree is None else tree.nodes
        own = {storage_of(node.item): node.path for node in reversed(nodes) if isinstance(node.item, Tensor)}
        return _changed_in_place(message, starts, trace, own)
    if "backward through the graph a second time" in message:
        return _of_an_earlier_forward(starts, trace)
    return None


def _changed_in_place(message: str, starts: Sequence[Tensor], trace: Trace, own: Mapping[int, str]) -> Conflict | None:
    wanted = message.partition("Hint:")[0]
    failing = [saved for node in nodes_below(starts) for saved in _stale(node, wanted)]
    if not failing:
        return None
    saved = max(failing, key=lambda each: each.node._sequence_nr())  # which ran first
    needed = Attribution(trace).call_of_node(saved.node)
    versions = _VERSIONS.search(message)
    expected = int(versions[2]) if versions else 0
    writers = [call for memory, version, call in trace.lineage.writes if memory == saved.memory and version > expected]
    what = _what(saved, needed, own)
    who = named(needed) if needed is not None else saved.node.name().partition("Backward")[0]
    begin = f"{who} needs {what} for backward"
    if not writers or not saved.memory:
        return Conflict(
            f"{begin}, which was changed after the forward, as by an optimizer's step: run forward again after it, or "
            "go back before it",
            needed,
        )
    writer = writers[0]
    at = f" at {writer.where}" if writer.where else ""
    mends = f"change {what} before it is read, or after backward" if saved.memory in own else _mended(writer, saved)
    return Conflict(f"{begin}, and {writer.op}{at} changed it: {mends}", needed, writer, writer.where)


def _of_an_earlier_forward(starts: Sequence[Tensor], trace: Trace) -> Conflict | None:
    """Return which call read a tensor that an earlier forward computed; None where none did."""
    if not trace.nodes or trace.in_threads:
        return None
    first = trace.nodes[0][0]
    attribution = Attribution(trace)
    for node in nodes_below(starts):
        if node._sequence_nr() < first or type(node).__name__ == "AccumulateGrad":
            continue
        for below, _ in node.next_functions:
            if below is None or type(below).__name__ == "AccumulateGrad" or below._sequence_nr() >= first:
                continue
            call = attribution.call_of_node(node)
            if call is not None:
                text = (
                    f"{named(call)} reads a tensor that an earlier forward computed, whose graph is used up: keep it "
                    "without its graph, as in self.h = h.detach()"
                )
                return Conflict(text, call, None, call.where)
    return None


def nodes_below(starts: Sequence[Tensor]) -> list[Any]:
    """Return the nodes of the graph that leads to some tensors, those below a node before it."""
    return discovered([get_gradient_edge(start).node for start in starts])[0]


def _stale(node: Any, wanted: str) -> Iterator[_Saved]:
    """Yield what a node saved and cannot read for the reason that `wanted` gives."""
    for raw_name in dir(type(node)):
        if not raw_name.startswith("_raw_saved_"):
            continue
        name = raw_name.removeprefix("_raw_saved_")
        is_custom = name == "tensors"
        try:
            raw = getattr(node, raw_name)
        except RuntimeError:
            continue
        parts = raw if isinstance(raw, tuple | list) else (raw,)
        if any(getattr(part, "unpack_hook", None) is not None for part in parts):
            continue  # to unpack it may run layers again
        try:
            getattr(node, "saved_tensors" if is_custom else f"_saved_{name}")
        except RuntimeError as error:
            if str(error).partition("Hint:")[0] == wanted:
                tensors = [getattr(part, "data", None) for part in parts]
                memory = [storage_of(tensor) for tensor in tensors if isinstance(tensor, Tensor)]
                one = len(memory) == 1
                yield _Saved(node, name, memory[0] if one else 0, tensors[0].numel() if one else 0)  # type: ignore[union-attr]


def _what(saved: _Saved, needed: Call | None, own: Mapping[int, str]) -> str:
    if saved.memory in own:
        return own[saved.memory]
    if saved.name == "result":
        return "what it gave"
    if needed is not None and needed.tensors and not saved.memory:
        return " or ".join(needed.tensors[:2])
    return "what it read"


def named(call: Call) -> str:
    """Return a call as a user knows it: `act (Sigmoid) at net.py:12`."""
    row = call.row_of()
    name = f"{row.module} ({row.op})" if row.kind == "module" and row.module else call.op
    return f"{name} at {call.where}" if call.where else name


def _mended(writer: Call, saved: _Saved) -> str:
    """Return what mends a write in place into what a backward saved."""
    row = writer.row_of()
    if row.kind == "module":
        return f"make {row.module or row.op} without inplace=True"
    line = line_text(writer.where)
    if writer.op == "__setitem__" or assigns_part(line) or _writes_a_part(writer, saved):
        return "write into a clone() of it, or put the parts together with torch.stack, torch.cat or torch.where"
    if assigned := assigned_anew(line):
        return assigned
    if "inplace" in line:
        return "leave out inplace=True"
    if writer.op in _ANEW:
        return f"use {_ANEW[writer.op]} instead of {writer.op}, which gives a new tensor"
    plain = writer.op.removesuffix("_")
    if plain != writer.op and not plain.endswith("_") and hasattr(Tensor, plain):
        return f"use {plain} instead of {writer.op}, which gives a new tensor"
    return "write into a clone() of it instead"


def _writes_a_part(writer: Call, saved: _Saved) -> bool:
    """Return whether a call wrote into a view of a part: a new tensor in its place would not be in the whole."""
    if writer.producers and writer.producers[0].op in _PARTS:
        return True
    written = sizes_of(next(iter(writer.inputs), None))
    return written is not None and 0 < prod(written) < saved.elements
