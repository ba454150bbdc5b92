"""Watches each backward that a statement starts itself, as `run_backward` watches its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from ...live.live_tree import LiveTree
from ..trace.record import Trace
from ..trace.went_back import Conflict, WentBack
from .attributed import Attribution, note_backward
from .captured import watch_of
from .conflicts import conflict_of
from .explained import explained
from .no_graph import gives_graph, why_no_graph
from .unnoticed import unnoticed_conflict
from .watch import BackwardWatch

USED_UP = (
    "an earlier backward used up the graph of this: call the network again before this one, or give the earlier one "
    "retain_graph=True"
)
CUT_BEHIND = (
    "what the network returned requires a gradient, so its graph ends between there and this: at a detach, argmax, a "
    "comparison, .item() or within torch.no_grad()"
)


@dataclass(slots=True)
class WatchedBackward:
    """Each backward that was started while `watching_backward` was entered."""

    error: tuple[str, str] | None = None
    """The type and text of what the last one raised, as that itself has the frames, and all they hold; None where it
    came to its end."""
    hint: str = ""
    """Why, and what mends it; empty where that is not certain."""


@contextmanager
def watching_backward(trace: Trace, tree: Callable[[], LiveTree]) -> Iterator[WatchedBackward]:
    """Note in `trace` what each backward does that this thread starts meanwhile, where its graph is of that run.

    `torch.autograd.backward`, which `Tensor.backward` calls, is another function meanwhile.  Gives what the last one
    raised, if it did, and why.

    Args:
        trace: the run that gave what backward starts from.
        tree: returns the network's tree after that run, which gives the paths.
    """
    thread, own = threading.get_ident(), torch.autograd.backward
    inside = False
    found = WatchedBackward()

    @wraps(own)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        nonlocal inside
        starts = [tensors] if isinstance(tensors, Tensor) else tensors
        if inside or threading.get_ident() != thread:
            own(tensors, *args, **kwargs)
            return
        inside = True
        found.error, found.hint = None, ""
        try:
            if not _is_graph(starts):
                own(tensors, *args, **kwargs)
                return
            watch, unnoticed = watch_of(trace), unnoticed_conflict(list(starts), trace, tree)
            with watch.over(list(starts)):
                own(tensors, *args, **kwargs)
            with suppress(Exception):  # the statement goes on, whatever we make of what was seen
                _note(trace, watch, tree(), unnoticed)
        except RuntimeError as error:
            with suppress(Exception):
                found.error = type(error).__name__, str(error)
                found.hint = _explain(error, starts, trace, tree())
            raise
        finally:
            inside = False

    torch.autograd.backward = backward
    try:
        yield found
    finally:
        if torch.autograd.backward is backward:  # else code of the user's put another in its place
            torch.autograd.backward = own


def _is_graph(starts: object) -> bool:
    return isinstance(starts, Sequence) and all(
        isinstance(each, Tensor) and type(each) in (Tensor, torch.nn.Parameter) and each.requires_grad
        for each in starts
    )


def _explain(error: RuntimeError, starts: object, trace: Trace, tree: LiveTree) -> str:
    """Return why a backward failed, and note a conflict with the calls of the run in it; empty where unknown."""
    if "does not require grad" in str(error):
        cut = why_no_graph(trace, tree)
        if cut is not None:
            return f"the graph ends on the way: {cut.text}"
        return CUT_BEHIND if gives_graph(trace) else ""
    if not _is_graph(starts):
        return ""
    if "only for scalar outputs" in str(error):
        shapes = " and ".join(str(list(each.shape)) for each in starts)  # type: ignore[attr-defined]
        return f"backward starts from one number, and this is {shapes}: a loss, or `.mean()` or `.sum()` of it, is one"
    conflict = conflict_of(error, list(starts), trace, tree)  # type: ignore[call-overload]
    if conflict is not None:
        trace.went_back = WentBack(conflict=conflict)
        return conflict.hint
    return USED_UP if "backward through the graph a second time" in str(error) else ""


def _note(trace: Trace, watch: BackwardWatch, tree: LiveTree, unnoticed: Conflict | None) -> None:
    attribution = Attribution(trace)
    if all(attribution.call_of(step) is None for step in watch.steps):
        return  # the graph of something else, which says nothing about this run
    note_backward(trace, watch)
    found = explained(trace, watch, tree, {})
    trace.went_back = replace(found, watched=watch.complete, unnoticed=unnoticed)
    trace.nonfinite_backward = found.nonfinite
