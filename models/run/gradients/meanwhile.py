"""Watches each backward that a statement starts itself, as `run_backward` watches its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from ...live.live_tree import LiveTree
from ..trace.record import Trace
from .attributed import Attribution, note_backward
from .captured import GradientCopies
from .explained import explained
from .watch import BackwardWatch


@contextmanager
def watching_backward(trace: Trace, tree: Callable[[], LiveTree]) -> Iterator[None]:
    """Note in `trace` what each backward does that this thread starts meanwhile, where its graph is of that run.

    `torch.autograd.backward`, which `Tensor.backward` calls, is another function meanwhile.

    Args:
        trace: the run that gave what backward starts from.
        tree: returns the network's tree after that run, which gives the paths.
    """
    thread, own = threading.get_ident(), torch.autograd.backward
    inside = False

    @wraps(own)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        nonlocal inside
        starts = [tensors] if isinstance(tensors, Tensor) else tensors
        if inside or threading.get_ident() != thread or not _is_graph(starts):
            own(tensors, *args, **kwargs)
            return
        inside = True
        try:
            watch = BackwardWatch(None if trace.captures is None else GradientCopies(trace))
            with watch.over(list(starts)):
                own(tensors, *args, **kwargs)
            with suppress(Exception):  # the statement goes on, whatever we make of what was seen
                _note(trace, watch, tree())
        finally:
            inside = False

    torch.autograd.backward = backward
    try:
        yield
    finally:
        if torch.autograd.backward is backward:  # else code of the user's put another in its place
            torch.autograd.backward = own


def _is_graph(starts: object) -> bool:
    return isinstance(starts, Sequence) and all(
        isinstance(each, Tensor) and type(each) in (Tensor, torch.nn.Parameter) and each.requires_grad
        for each in starts
    )


def _note(trace: Trace, watch: BackwardWatch, tree: LiveTree) -> None:
    attribution = Attribution(trace)
    if all(attribution.call_of(step) is None for step in watch.steps):
        return  # the graph of something else, which says nothing about this run
    note_backward(trace, watch)
    found = explained(trace, watch, tree, {})
    trace.went_back = found if watch.complete else replace(found, watched=False)
    trace.nonfinite_backward = found.nonfinite
