"""Measures after a backward how large each parameter's gradient is beside the parameter itself."""

from __future__ import annotations

from torch import Tensor

from ...live.live_tree import LiveTree
from ...tensors.plainly import attribute, plainly
from ..trace.weight_norms import WeightNorms
from .norms import Norms


@plainly
def weight_norms(tree: LiveTree) -> dict[str, WeightNorms]:
    """Return by path the norms of each parameter that has a gradient; the names of a shared one have one object.

    A parameter that cannot be measured is left out.  To be called where no other code runs, as it reads `.grad`.
    """
    gradients, weights = Norms(), Norms()
    paths: dict[int, list[str]] = {}
    for node in tree.nodes:
        if node.kind != "parameter" or not isinstance(node.item, Tensor):
            continue
        slot = id(node.item)
        if slot in paths:
            paths[slot].append(node.path)
        elif isinstance(gradient := attribute(node.item, "grad"), Tensor):
            paths[slot] = [node.path]
            gradients.add(slot, gradient)
            weights.add(slot, node.item.detach())
    gradients.finish()
    weights.finish()
    found: dict[str, WeightNorms] = {}
    for slot, names in paths.items():
        if slot in gradients.values and slot in weights.values:
            found |= dict.fromkeys(names, WeightNorms(gradients.values[slot], weights.values[slot]))
    return found
