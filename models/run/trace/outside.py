"""Operations on what the network returned, behind it: they have no rows, but a loss among them is looked at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .calls import Call
from .operations import LOSSES, operation_name
from .reading import Reading
from .shapes import shape_of_output, shapes_of, tensors_in
from .where import where_of

if TYPE_CHECKING:
    from .record import Trace
    from .run_tensors import RunTensors

LIMIT = 16
"""Losses that are noted."""
FOLLOWED = 1000
"""Operations behind a run that are looked at."""


def run_outside(
    trace: Trace, tensors: RunTensors | None, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Run an operation outside of the network, and note it if it reads what a call of the network gave.

    Args:
        tensors: what is known of those of the run; None before the network is called.
    """
    reading = None
    if tensors is not None and len(trace.behind) < FOLLOWED and (name := operation_name(func)) is not None:
        with torch._C.DisableTorchFunction(), suppress(Exception):  # of a class of the user's, which may raise anything
            reading = tensors.reading(name, args, kwargs)
    try:
        output = func(*args, **kwargs)
    except Exception:
        if tensors is not None:
            trace.maker_of = tensors.maker
        raise
    if tensors is not None and reading is not None and reading.producers:
        with torch._C.DisableTorchFunction(), suppress(Exception):  # the same
            _note(trace, tensors, reading, output)
    return output


def _note(trace: Trace, tensors: RunTensors, reading: Reading, output: object) -> None:
    outputs = list(tensors_in(output))
    if not outputs or reading.written():  # what writes into the network's result, or from it into something else
        return
    call = Call(
        module="",
        op=reading.name,
        kind="operation",
        depth=0,
        where=where_of(sys._getframe(2)),
        inputs=shapes_of(reading.tensors),
        output=shape_of_output(output),
        producers=reading.producers,
    )
    trace.behind.append(call)
    tensors.gave(reading, outputs, call, call, ())
    if call.op in LOSSES and call.subject is not None and len(trace.losses) < LIMIT:
        trace.losses.append(call)
    if len(outputs) == 1 and isinstance(output, Tensor) and not output.dim() and output.requires_grad:
        tensors.end_of_loss(output)
