"""`not_default_initialisation`: parameters whose values are no draw from their layer's own initialiser."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ...live.describe.defaults import initialiser_of
from ...messages.findings import Finding
from ...run.trace.call_statistics import OutputStatistics
from ...sources.wording import listed
from ..evidence import Evidence

SURE = 6.0
"""Standard errors of a draw beyond which values are taken for none: one fresh tensor in 500 million is."""
_UNIFORM = re.compile(r"uniform\(-(?P<bound>[^,]+), ")
_NORMAL = re.compile(r"normal\(0, (?P<std>[^)]+)\)(?P<row>, then row)?")
_CONSTANT = re.compile(r"(?P<name>ones|zeros)|constant (?P<value>[^:]+)")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one note on all of them: they were trained, loaded or initialised otherwise."""
    others, known = [], 0
    for node, tensor in evidence.tensors():
        rule = initialiser_of(evidence.tree, node)
        found = evidence.values.of(tensor) if rule else None
        if found is None or found.finite < found.elements:
            continue
        rules = [
            initialiser_of(evidence.tree, other) for name in node.other_names() if (other := evidence.tree.at(name))
        ]
        known += 1
        if not any(not each or could_be(each, found) for each in (rule, *rules)):
            others.append(node.path)
    if others:
        which = "all" if len(others) == known else f"{len(others)} of {known}"
        text = f"{which} parameters with a default initialiser are no draw from it: {listed(others)}"
        if known == 1:
            text = "it is no draw from the default initialiser of its layer"
        yield Finding(kind="not_default_initialisation", severity="note", text=text, path=others[0])


def could_be(rule: str, found: OutputStatistics) -> bool:
    """Return whether values of these statistics could be a draw from a rule; True where that cannot be said."""
    if constant := _CONSTANT.match(rule):
        value = {"ones": 1.0, "zeros": 0.0}.get(constant["name"]) if constant["name"] else float(constant["value"])
        same = found.minimum == found.maximum
        return same and math.isclose(found.minimum, value or 0.0, rel_tol=1e-2)
    uniform, normal = _UNIFORM.match(rule), _NORMAL.match(rule)
    if uniform:
        bound = float(uniform["bound"])
        if max(-found.minimum, found.maximum) > bound * 1.01:  # the resolution of a float of 16 bits
            return False
        return _moments_fit(found, bound / math.sqrt(3), kurtosis=1.8)
    if normal and not normal["row"]:
        return _moments_fit(found, float(normal["std"]), kurtosis=3.0)
    return True


def _moments_fit(found: OutputStatistics, std: float, kurtosis: float) -> bool:
    """Return whether mean and mean square are those of independent draws around 0."""
    count = found.finite
    if not count or found.mean is None or found.std is None:
        return True
    mean, square = found.mean, found.std**2 + found.mean**2
    if abs(mean) > SURE * std / math.sqrt(count):
        return False
    return abs(square - std**2) <= SURE * std**2 * math.sqrt((kurtosis - 1) / count) + 1e-2 * std**2
