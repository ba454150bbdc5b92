"""What the values of a parameter say of where they come from: a fresh draw, a constant, neither; and its siblings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import Literal

from torch import Tensor

from ..findings.kinds.initialisation import could_be
from ..findings.kinds.siblings import FEWEST as FEWEST_SIBLINGS
from ..findings.kinds.siblings import NUMBER
from ..live.describe.defaults import initialiser_of
from ..live.live_tree import LiveTree, Node
from ..messages import InitialState
from ..run.trace.call_statistics import OutputStatistics
from ..tensors.tensors import shape_of
from .preview import default_theory
from .theory import Theory, number

FEWEST = 8
"""Elements below which nearly anything could be a draw."""
Known = Callable[[Tensor], OutputStatistics | None]
"""Returns the statistics of a tensor as far as they are known."""


def state_of(tree: LiveTree, node: Node, known: Known) -> InitialState:
    """Return what is known of where the values of the parameter at `node` come from."""
    assert isinstance(node.item, Tensor)
    theory = default_theory(tree, node)
    found = known(node.item)
    default = "" if theory is None else short_law(theory)
    expected = None if theory is None else theory.std
    if found is None or not found.elements or found.finite < found.elements:
        return InitialState(default=default, expected=expected)
    nodes = [node, *filter(None, map(tree.at, node.other_names()))]
    rules = [rule for each in nodes if (rule := initialiser_of(tree, each))]
    fits = any(could_be(rule, found) for rule in rules)
    constant = found.minimum == found.maximum
    value = found.minimum if constant else None
    state: Literal["", "fresh", "zeros", "constant", "other"] = ""
    if fits and (found.elements >= FEWEST or not expected):
        state = "fresh"
    elif constant and found.elements > 1:
        state = "constant" if value else "zeros"
    elif rules and not fits:
        state = "other"
    return InitialState(default=default, state=state, expected=expected, std=found.std, value=value)


def short_law(theory: Theory) -> str:
    """Return a distribution in a few cells: `±0.5`, `N(0, 1)`, `1`."""
    if theory.low == theory.high:
        return number(theory.low)
    if math.isfinite(theory.high):
        return f"±{number(theory.high)}"
    return f"N({number(theory.mean)}, {number(theory.std)})"


class Siblings:
    """Which parameters of a tree are alike: of one shape, and of paths that differ in numbers alone."""

    def __init__(self, tree: LiveTree) -> None:
        self.tree = tree
        self._alike: dict[object, dict[int, Tensor]] = {}
        for node in tree.nodes:
            if node.kind == "parameter" and isinstance(node.item, Tensor) and (like := _like(node)) is not None:
                self._alike.setdefault(like, {})[id(node.item)] = node.item

    def of(self, node: Node) -> Sequence[Tensor]:
        """Return the parameters that are like the one at `node`, itself included; none where they are few."""
        found = self._alike.get(_like(node), {})
        return list(found.values()) if len(found) >= FEWEST_SIBLINGS else []

    def ratio(self, node: Node, known: Known) -> float | None:
        """Return how many times as large the values at `node` are as those of its siblings; None where unknown."""
        sizes = []
        for tensor in self.of(node):
            found = known(tensor)
            if found is None or found.finite < max(found.elements, 1):
                return None
            sizes.append(math.hypot(found.mean or 0.0, found.std or 0.0))
            if tensor is node.item:
                own = sizes[-1]
        usual = median(sizes) if sizes else 0.0
        return own / usual if usual else None


def _like(node: Node) -> object:
    path = NUMBER.sub("#", node.path)
    if path == node.path or not isinstance(node.item, Tensor):
        return None
    return path, shape_of(node.item)
