"""Where the values of parameters come from, for the rows of the tree and for Info; only what is known already is used.

Known are the statistics that were taken for the findings, for the table of tensors and for Values.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from torch import Tensor

from ..messages import Brief, FactGroup, InitialState, TreeRow
from ..opened.facts import FactList, with_facts
from ..tensors.plainly import plainly
from ..tensors.tensors import element_count, is_uninitialised, stamp_of

if TYPE_CHECKING:
    from ..initialising.verdict import KnownStatistics, Siblings
    from ..live.live_tree import Node
    from ..run.trace.call_statistics import OutputStatistics
    from .session import Session

SAMPLE = 2**16
"""Elements that Info tests: no more than a user waits for unnoticed."""
PAGE_LIMIT = 2_000
"""Parameters whose states are found for one page of rows."""
ODD_FIRST = ("other", "constant", "zeros", "fresh")
"""The order in which states are counted: what is cut off at the end is usual."""
TIMES = 2.0
"""How much larger or smaller than its siblings a parameter has to be for Info to say so."""


@plainly
def with_initial(session: Session, rows: Sequence[TreeRow]) -> list[TreeRow]:
    """Return rows of the tree with what is known of where the values of parameters come from."""
    if session.is_checkpoint:
        return list(rows)
    states, found = _States(session), []
    for row in rows:
        if row.kind in ("module", "hidden", "group"):
            below = states.below(row.path)
            found.append(msgspec.structs.replace(row, initial=InitialState(below=below)) if below else row)
        else:
            state = states.at(session.live.tree.at(row.path))
            found.append(row if state is None else msgspec.structs.replace(row, initial=state))
    return found


class _States:
    """The states of parameters, each found once for all the rows of a page."""

    def __init__(self, session: Session) -> None:
        self._model = session.live
        self._known = _known(session)
        self._siblings = _siblings(session)
        self._found: dict[int, InitialState] = {}
        self._usual: dict[object, float | None] = {}

    def at(self, node: Node | None) -> InitialState | None:
        """Return what is known of where the values at a node come from; None for what is no parameter."""
        from ..initialising.verdict import state_of

        if node is None or node.kind != "parameter" or not isinstance(node.item, Tensor) or is_uninitialised(node.item):
            return None
        known = self._found.get(node.index)
        if known is None:
            state = state_of(self._model.tree, node, self._known)
            known = msgspec.structs.replace(state, siblings=self._siblings.ratio(node, self._known, self._usual))
            self._found[node.index] = known
        return known

    def below(self, path: str) -> str:
        """Return how many parameters below a module or group are of which state; empty where they are many."""
        from ..live.live_facts import LiveFacts

        nodes = [facts.node for facts in self._model.tensors_at(path) if isinstance(facts, LiveFacts)]
        if len(nodes) + len(self._found) > PAGE_LIMIT:
            return ""
        counts: Counter[str] = Counter(
            state.state for node in nodes if (state := self.at(node)) is not None and state.state
        )
        return ", ".join(f"{counts[state]:,} {state}" for state in ODD_FIRST if counts[state])


def _siblings(session: Session) -> Siblings:
    """Return which parameters of the open network are alike, found on first use."""
    from ..initialising.verdict import Siblings

    known, tree = session.known_siblings, session.live.tree
    if not isinstance(known, Siblings) or known.tree is not tree:
        known = session.known_siblings = Siblings(tree)
    return known


def _known(session: Session) -> KnownStatistics:
    """Return what gives the statistics of the tensor at a node, as far as they were taken and it did not change."""
    from ..run.trace.call_statistics import OutputStatistics

    cache = session.live.statistics_cache

    def known(node: Node) -> OutputStatistics | None:
        assert isinstance(node.item, Tensor)
        now = stamp_of(node.item)
        stamp, found = session.known_values.get(id(node.item), (None, None))
        if stamp == now and isinstance(found, OutputStatistics):
            return found
        brief = cache.brief(node.path, now) if len(cache) else None
        return None if brief is None else _from_brief(brief, element_count(node.item) or 0)

    return known


def _from_brief(brief: Brief, elements: int) -> OutputStatistics | None:
    from ..run.trace.call_statistics import OutputStatistics

    finite = elements - brief.nonfinite
    if brief.minimum is None or brief.maximum is None or brief.mean is None:
        return None
    deviation = (brief.std or 0.0) ** 2 * max(finite - 1, 0)
    return OutputStatistics(
        elements, brief.minimum, brief.maximum, brief.mean * finite, deviation, brief.zeros, brief.nan, brief.inf
    )


@plainly
def facts_of_values(session: Session, path: str) -> list[FactGroup]:
    """Return in a group for Info where the values at a path seem to come from; nothing where that is not known."""
    state = _States(session).at(session.live.tree.at(path))
    if state is None:
        return []
    facts = FactList("Initialisation")
    facts.add("Values", lambda: _sentence(session, path, state))
    facts.add("Siblings", lambda: _beside_siblings(state.siblings))
    return with_facts([facts])


def _sentence(session: Session, path: str, state: InitialState) -> str:
    law = f"the default of its layer, {state.default}"
    if state.state == "zeros":
        return "all zeros" + (f"; {law}, gives others" if state.default else "")
    if state.state == "constant" and state.value is not None:
        return f"constant: every element is {state.value:.6g}" + (f"; {law}, gives others" if state.default else "")
    if state.state == "fresh":
        if not state.expected:
            return f"as by {law}"
        p = _p_value(session, path)
        if p is None or p[0]:
            return f"could be a fresh draw from {law}" + ("" if p is None else f" (p = {p[1]:.2g})")
        return f"no draw from {law}: the values spread otherwise (p = {p[1]:.2g})"
    if state.state == "other":
        beside = ""
        if state.std is not None and state.expected:
            beside = f": a standard deviation of {state.std:.3g} where that gives {state.expected:.3g}"
        return f"no draw from {law}{beside}; trained, loaded or initialised otherwise"
    return ""


def _p_value(session: Session, path: str) -> tuple[bool, float] | None:
    """Return whether a test of the distribution allows a fresh draw, and its p-value; None where there is none."""
    model = session.live
    found = model.statistics_cache.get(path, model.stamp(path))
    node = model.tree.at(path)
    if found is None or node is None:
        return None
    verdict = model.facts(node.index).initial(found, SAMPLE)
    if verdict is None or verdict["p"] is None or not isinstance(verdict["p"], float):
        return None
    return bool(verdict["consistent"]), verdict["p"]


def _beside_siblings(ratio: float | None) -> str:
    if ratio is None or not math.isfinite(ratio) or 1 / TIMES < ratio < TIMES:
        return ""
    if ratio >= 1:
        return f"{ratio:.3g} times as large, on average, as the parameters like it"
    return f"{1 / ratio:.3g} times as small, on average, as the parameters like it" if ratio else "zeros, unlike those"
