"""What the values of a parameter say of where they come from: a fresh draw, a constant, neither; and its siblings."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Literal

from torch import Tensor, nn

from ..findings.kinds.initialisation import could_be
from ..findings.kinds.siblings import FEWEST as FEWEST_SIBLINGS
from ..findings.kinds.siblings import NUMBER
from ..live.describe.defaults import initialiser_of
from ..live.live_tree import LiveTree, Node
from ..messages import InitialState
from ..run.trace.call_statistics import OutputStatistics
from ..tensors.tensors import shape_of
from .preview import default_theory
from .theory import Theory, digits

FEWEST = 8
"""Elements below which nearly anything could be a draw."""
ONE_SIZE = 1.5
"""How much larger than the smallest the largest of layers beside each other may be."""
SIBLING_LIMIT = 200
"""Layers that are enough to say what is usual."""
KnownStatistics = Callable[[Node], OutputStatistics | None]
"""Returns the statistics of the tensor at a node as far as they are known."""


def state_of(tree: LiveTree, node: Node, known: KnownStatistics) -> InitialState:
    """Return what is known of where the values of the parameter at `node` come from."""
    theory = default_theory(tree, node)
    found = known(node)
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
        return digits(theory.low)
    if math.isfinite(theory.high):
        return f"±{digits(theory.high)}"
    return f"N({digits(theory.mean)}, {digits(theory.std)})"


class Siblings:
    """Which parameters of a tree are alike: of one shape, and of paths that differ in numbers alone.

    Where those are few, of layers of one class beside each other, as `q_proj` and `k_proj`; these count only where all
    others are of one size, as they need not be.
    """

    def __init__(self, tree: LiveTree) -> None:
        self.tree = tree
        self._alike: dict[object, dict[int, Node]] = {}
        """By what is common to them, the nodes by identity of the tensor."""
        self._beside: dict[object, dict[int, Node]] = {}
        """The same of those beside each other."""
        for node in tree.nodes:
            if node.kind == "parameter" and (like := _like(node)) is not None:
                self._alike.setdefault(like, {}).setdefault(id(node.item), node)
        for node in tree.nodes:
            if node.kind == "parameter" and self._has_few(node) and (beside := self._key_beside(node)) is not None:
                self._beside.setdefault(beside, {}).setdefault(id(node.item), node)

    def usual(self, node: Node, known: KnownStatistics, found: dict[object, float | None]) -> float | None:
        """Return the usual size of the values of parameters like the one at `node`: the median.

        None where they are few, or one of them is not known.  `found` has what was returned already.
        """
        if self._has_few(node):
            return self._usual_beside(node, known)
        like = _like(node)
        if like not in found:
            alike = self._alike.get(like, {})
            sizes = [rms_of(known(each)) for each in islice(alike.values(), SIBLING_LIMIT)]
            sure = [size for size in sizes if size is not None]
            found[like] = median(sure) if FEWEST_SIBLINGS <= len(sure) == len(sizes) else None
        return found[like]

    def _has_few(self, node: Node) -> bool:
        """Return whether few paths differ from that of a node in numbers alone."""
        return len(self._alike.get(_like(node), ())) < FEWEST_SIBLINGS

    def _key_beside(self, node: Node) -> object:
        """Return what is common to the parameters of layers of one class in one container; None for the network's own.

        Containers whose paths differ in numbers alone are one.
        """
        holder = self.tree.holder(node)
        if not holder.index:
            return None
        container = NUMBER.sub("#", self.tree.holder(holder).path)
        return container, type(holder.item), node.attribute, shape_of(node.item)  # type: ignore[arg-type]

    def _usual_beside(self, node: Node, known: KnownStatistics) -> float | None:
        """Return the usual size of the others beside a parameter, which are of one size; None where unsure."""
        alike = self._beside.get(self._key_beside(node), {})
        if not FEWEST_SIBLINGS <= len(alike) <= SIBLING_LIMIT:
            return None
        sizes = [rms_of(known(each)) for each in alike.values() if each.item is not node.item]
        sure = [size for size in sizes if size]
        if len(sure) < len(sizes) or max(sure) > ONE_SIZE * min(sure):
            return None
        return median(sure)

    def ratio(
        self, node: Node, known: KnownStatistics, found: dict[object, float | None] | None = None
    ) -> float | None:
        """Return how many times as large the values at `node` are as is usual for its like; None where unknown."""
        usual = self.usual(node, known, {} if found is None else found)
        own = rms_of(known(node)) if usual else None
        return own / usual if usual and own is not None else None


def rms_of(found: OutputStatistics | None) -> float | None:
    """Return the root mean square of values; None where they are not known, or not finite."""
    if found is None or found.finite < max(found.elements, 1):
        return None
    return math.hypot(found.mean or 0.0, found.std or 0.0)


def _like(node: Node) -> object:
    path = NUMBER.sub("#", node.path)
    if path == node.path or not isinstance(node.item, Tensor):
        return None
    plain = type(node.item) is nn.Parameter  # of which the shape is had at once
    return path, node.item.shape if plain else shape_of(node.item)
