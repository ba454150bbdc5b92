"""Reads elements of one optimizer step while code trains: again, until no step came between (a sequence lock)."""

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

ATTEMPTS = 20
"""Reads after which it is given up."""
TIMEOUT = 0.1
"""Seconds after which it is given up: what is read then is returned with the note `MIXED`."""
COPY_LIMIT = 64 * 2**20
"""Bytes up to which `consistent_copy` copies a tensor."""

NO_STEPS = "read while code runs: no step of an optimizer seen yet"
"""Note: no step of an optimizer has ended since steps are watched."""
MIXED = "read while code runs: maybe of different steps"
"""Note: no consistent read was possible."""


def read_consistently(read: Callable[[], T]) -> tuple[T, str]:
    """Return what `read` returns, and a note on the step that it is of; the note is empty where no code runs.

    `read` may be called several times.
    """
    if not GRADIENTS.runs_elsewhere():
        return read(), ""
    watched = STEPS.watch()
    deadline = time.monotonic() + TIMEOUT
    for _ in range(ATTEMPTS if watched else 0):
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


def consistent_copy(tensor: Tensor) -> tuple[Tensor, str]:
    """Return a tensor whose reading may take long, and a note on the step that it is of.

    A copy on the CPU where code runs and the tensor has at most `COPY_LIMIT` bytes, else the tensor itself.
    """
    if not GRADIENTS.runs_elsewhere():
        return tensor, ""
    local = local_part(tensor)
    if type(local) not in (Tensor, torch.nn.Parameter) or not _is_copyable(local):
        return tensor, MIXED
    return read_consistently(lambda: local.detach().to("cpu", copy=True))


def _is_copyable(tensor: Tensor) -> bool:
    try:
        return (
            tensor.layout is torch.strided
            and not tensor.is_meta
            and not tensor.is_nested
            and not tensor.is_quantized
            and 0 < tensor.numel() * tensor.element_size() <= COPY_LIMIT
            and all(tensor.stride())
        )
    except Exception:  # a lazy tensor has no size
        return False
