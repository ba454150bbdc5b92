"""`same_memory`: two tensor objects that hold the same elements in memory."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ...live.live_tree import Node
from ...messages.findings import Finding
from ...run.trace.flow import storage_of
from ...sources.wording import listed
from ...tensors.plainly import plain, plainly
from ...tensors.tensors import requires_grad
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each tensor whose elements another object before it holds too.

    Parts of one memory that do not overlap, as the flat weights of a recurrent layer, are none.  A warning where two
    parameters are trained on the same memory: an optimizer steps it twice.
    """
    groups: dict[object, list[tuple[Node, Tensor, range]]] = {}
    for node, tensor in evidence.tensors():
        span = _span(tensor)
        if span is not None:
            groups.setdefault(span[0], []).append((node, tensor, span[1]))
    for group in groups.values():
        for index, (node, tensor, mine) in enumerate(group):
            others = [(each, other) for each, other, theirs in group[:index] if _overlap(mine, theirs)]
            if others:
                yield _finding(node, tensor, others)


def _finding(node: Node, tensor: Tensor, others: list[tuple[Node, Tensor]]) -> Finding:
    names = listed([each.path for each, _ in others])
    trained = [each for each, other in others if each.kind == "parameter" and requires_grad(other)]
    if trained and node.kind == "parameter" and requires_grad(tensor):
        text = f"lies in the memory of {names}, as another parameter: an optimizer steps it twice; to tie both, "
        return Finding(
            kind="same_memory", severity="warning", text=text + "assign the parameter itself", path=node.path
        )
    return Finding(
        kind="same_memory", severity="note", text=f"lies in the memory of {names}: who changes one changes both",
        path=node.path,
    )  # fmt: skip


@plainly
def _span(tensor: Tensor) -> tuple[object, range] | None:
    """Return a key of the memory that a tensor lies in, and its first element and the one after its last, in bytes."""
    bare = plain(tensor)
    try:
        address, size = storage_of(bare), bare.element_size()
        if not address or not bare.numel():
            return None
        first = bare.storage_offset() * size
        last = (
            first + sum((length - 1) * stride for length, stride in zip(bare.shape, bare.stride(), strict=True)) * size
        )
    except Exception:  # sparse, nested, lazy and foreign ones have no storage
        return None
    return address, range(first, last + size)


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
