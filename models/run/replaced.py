"""Parameters that a run put in the place of others: the network goes on with the new objects."""

from __future__ import annotations

from ..live.live_tree import LiveTree
from .trace.record import Trace

NAMED = 3
"""Parameters that a sentence names."""


def replaced_parameters(before: LiveTree, after: LiveTree, trace: Trace) -> dict[str, str]:
    """Return by path the parameters of `after` whose path stood for another tensor in `before`.

    The value is the user's line that did it, such as `net.py:12`; empty where none was seen.
    """
    if before is after:
        return {}
    found = {}
    for node in after.nodes:
        if node.kind == "parameter":
            old = before.at(node.path)
            if old is not None and old.is_tensor and old.item is not node.item:
                found[node.path] = _line(node.path, trace)
    return found


def _line(path: str, trace: Trace) -> str:
    """Return the line that registered what is at `path`, or a module above it."""
    while path:
        if path in trace.registered:
            return trace.registered[path]
        path = path.rpartition(".")[0]
    return ""


def replaced_text(replaced: dict[str, str]) -> str:
    """Return what was replaced and where, in one line; empty for nothing."""
    if not replaced:
        return ""
    named = [f"{path} ({line})" if line else path for path, line in list(replaced.items())[:NAMED]]
    more = f" and {len(replaced) - NAMED} more" if len(replaced) > NAMED else ""
    old = "one" if len(replaced) == 1 else "ones"
    return f"the forward replaced {', '.join(named)}{more}: an optimizer made before holds the old {old}"
