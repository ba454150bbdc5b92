"""What a backward finds out about a run, put together: what is not finite, what is missing, what is a sum."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from torch import Tensor
from torch._C import TensorBase

from ...live.live_tree import LiveTree
from ...tensors.plainly import plainly
from ..trace.record import Trace
from ..trace.went_back import Reason, WentBack
from .nonfinite import first_nonfinite
from .reasons import Reasons, unregistered_leaves
from .uses import uses_of_parameters
from .watch import BackwardWatch
from .zeros import Zeros, rounding

_grad = TensorBase.__dict__["grad"].__get__
"""Torch's own, whatever the class of a tensor overrides."""


@plainly
def explained(trace: Trace, watch: BackwardWatch, tree: LiveTree | None, others: Mapping[int, str]) -> WentBack:
    """Return what a backward that is over found out about the run that it went back through.

    Args:
        tree: the network's tree after the run; None gives no paths, and so no reasons.
        others: path in the result of each tensor that backward did not start from, by its identity.
    """
    nodes = [] if tree is None else [node for node in tree.nodes if node.kind == "parameter"]

    @cache
    def paths() -> dict[int, str]:  # hardly any backward asks for one
        return {id(node.item): node.path for node in reversed(nodes)}

    reasons: dict[str, Reason] = {}
    unregistered: list[Reason] = []
    if tree is not None:
        causes: Reasons | None = None
        zeros: Zeros | None = None
        leaves = {step.variable: step for step in watch.steps}
        for node in nodes:
            item = node.item
            if isinstance(item, Tensor) and _grad(item) is None:
                causes = causes or Reasons(trace, watch, others)
                reasons[node.path] = causes.of(node, tree, trace.replaced)
            elif (leaf := leaves.get(id(item))) is not None and watch.arrived(leaf) == 0:
                zeros = zeros or Zeros(trace, watch)
                if (zero := zeros.why(leaf)) is not None:
                    reasons[node.path] = zero
        unregistered = unregistered_leaves(trace, watch, tree.distinct_tensors)
    return WentBack(
        nonfinite=first_nonfinite(trace, watch, lambda identity: paths().get(identity)),
        reasons=reasons,
        uses=uses_of_parameters(trace, watch, lambda identity: paths().get(identity)),
        rounding=rounding(trace, watch),
        unregistered=unregistered,
    )
