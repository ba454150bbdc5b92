"""`same_memory`: two tensor objects that hold the same elements in memory."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ...live.live_tree import Node
from ...live.sharing import memory_of
from ...messages.findings import Finding
from ...sources.wording import listed
from ...tensors.extents import Extent, Overlaps
from ...tensors.tensors import requires_grad
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each tensor whose elements another object before it holds too.

    Parts of one memory that do not overlap, as the flat weights of a recurrent layer, are none.  A warning where two
    parameters are trained on the same memory: an optimizer steps it twice.
    """
    groups: dict[object, list[tuple[Node, Tensor, Extent]]] = {}
    for node, tensor in evidence.tensors():
        found = memory_of(tensor)
        if found is not None:
            groups.setdefault(found.storage, []).append((node, tensor, found.extent))
    for group in (each for each in groups.values() if len(each) > 1):
        overlaps = Overlaps([extent for _, _, extent in group])
        for index, (node, tensor, _) in enumerate(group):
            others = [group[at][:2] for at in sorted(overlaps.of(index)) if at < index]
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
