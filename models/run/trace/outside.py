"""Losses that a statement takes of what the network returned: no rows, for they are no part of the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .calls import Call
from .operations import LOSSES, operation_name
from .shapes import arguments_in, shapes_of

if TYPE_CHECKING:
    from .record import Trace
    from .run_tensors import RunTensors

LIMIT = 16
"""Losses that are noted."""


def note_loss(
    trace: Trace, tensors: RunTensors | None, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Note an operation outside of the network if it is a loss of what a call of the network gave.

    Args:
        tensors: what is known of those of the run; None before the network is called.
    """
    if tensors is None:
        return
    name = operation_name(func)
    if name not in LOSSES or len(trace.losses) >= LIMIT:
        return
    with torch._C.DisableTorchFunction(), suppress(Exception):  # of a class of the user's, which may raise anything
        subject = args[0] if args else kwargs.get("input")
        made_by = tensors.maker(subject).call if isinstance(subject, Tensor) else None
        if made_by is not None:
            given = arguments_in(args, kwargs)
            trace.losses.append(
                Call(module="", op=name, kind="operation", depth=0, inputs=shapes_of(given), subject=made_by)
            )
