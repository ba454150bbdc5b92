"""How large the gradients are that the open network has now, beside its parameters: for the tree and for Info."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..live.gradient_access import GRADIENTS

if TYPE_CHECKING:
    from ..live.live_tree import LiveTree
    from ..run.trace.weight_norms import WeightNorms
    from .session import Session


def measure_gradients(session: Session, tree: LiveTree) -> None:
    """Measure the gradients of the network's parameters, after something changed them; none while a thread trains.

    To be called by the main thread alone, once its code has ended.
    """
    found: dict[str, WeightNorms] = {}
    if not GRADIENTS.runs_elsewhere():
        from ..run.gradients.weight_norms import weight_norms

        found = weight_norms(tree)
    session.runs.weights = found
