"""A run before the one that is looked at, so that its times are not those of what happens only once.

Not done unasked: it runs the user's code a second time, and what that does outside of the network cannot be put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from torch import nn

from ..live.live_tree import LiveTree
from .run_state import RunState
from .trace.tracing import Trace, tracing

WARMED = "times are of a second run: the first only warmed up, and its state was put back"


def warm_up(
    module: nn.Module,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    tree: LiveTree,
    max_calls: int | None = None,
) -> str:
    """Run a network as it will be run, put back the state that it started from, and return in a sentence how that went.

    What the network raises is left for the run that follows; only what ends the program is raised.
    """
    state = RunState(tree, args, kwargs)
    if state.obstacle:
        return f"not warmed up, as {state.obstacle}"
    try:
        with suppress(Exception), tracing(module, tree, Trace(), max_calls):
            module(*args, **kwargs)
    finally:
        state.put_back()
    return f"{WARMED}, but {why}" if (why := state.why_not()) else WARMED
