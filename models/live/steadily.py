"""Reads numbers of one step while code runs: again, until no optimizer's step came between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from ..tensors.distributed import local_part
from .gradient_access import GRADIENTS, step_note
from .optimizer_steps import STEPS

T = TypeVar("T")

TRIES = 20
PATIENCE = 0.1
"""Seconds, after which what was read last is told, with a note."""
COPIED = 64 * 2**20
"""Bytes up to which a tensor is copied first by who needs longer than a step may take."""

NO_STEPS = "read while code runs: no step of an optimizer seen yet"
MIXED = "read while code runs: maybe of different steps"


def steadily(read: Callable[[], T]) -> tuple[T, str]:
    """What `read` gives, and of when it is where code runs meanwhile; the note is empty where none does."""
    if not GRADIENTS.runs_elsewhere():
        return read(), ""
    watched = STEPS.watch()
    deadline = time.monotonic() + PATIENCE
    for _ in range(TRIES if watched else 0):
        count, begun = STEPS.count, STEPS.begun
        if not STEPS.wait_outside(deadline):
            break
        if STEPS.begun != begun:
            continue
        found = read()
        if STEPS.begun == begun:
            return found, step_note(count) if count else NO_STEPS
        if time.monotonic() > deadline:
            break
    return read(), MIXED


def of_one_step(tensor: Tensor) -> tuple[Tensor, str]:
    """A tensor to be read at leisure: a copy of one step where code runs and it is small enough, else itself.

    With it the note on of when it is.
    """
    if not GRADIENTS.runs_elsewhere():
        return tensor, ""
    local = local_part(tensor)
    if type(local) not in (Tensor, torch.nn.Parameter) or not _is_copied(local):
        return tensor, MIXED
    return steadily(lambda: local.detach().to("cpu", copy=True))


def _is_copied(tensor: Tensor) -> bool:
    try:
        return (
            tensor.layout is torch.strided
            and not tensor.is_meta
            and not tensor.is_nested
            and not tensor.is_quantized
            and 0 < tensor.numel() * tensor.element_size() <= COPIED
            and all(tensor.stride())
        )
    except Exception:  # a lazy one has no size
        return False
