"""Units of an output that looks like a ReLU's: how many there are, how often each was seen, which were always zero."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from ..work.one_thread import one_thread
from .trace.calls import Call, Several
from .trace.captured import Copy

RELUS = frozenset(("ReLU", "ReLU6", "relu", "relu_", "relu6", "Threshold", "threshold", "threshold_"))
"""Names of the operations and layers that give zero for what is negative."""


class DeadUnits(NamedTuple):
    """Units that were zero for all that was seen."""

    dead: int
    units: int
    seen: int
    """Rows and positions at which each unit was seen."""


def units_seen(call: Call) -> tuple[int, int]:
    """Return how many units the output of a call has, and at how many rows and positions each was seen, all turns.

    The units are the channels of an image, else the elements of the last dimension; 0 for what is no single tensor.
    """
    found, shape = call.statistics, call.output
    if found is not None and found.units:
        return found.units, found.elements // found.units
    if not isinstance(shape, tuple) or isinstance(shape, Several) or not shape:
        return 0, 0
    sizes = [int(size) for size in shape if isinstance(size, int)]
    units = sizes[_dimension(len(sizes))]
    return units, (math.prod(sizes) // units if units else 0) * call.repeat


def dead_units(call: Call) -> DeadUnits | None:
    """Return the units of a ReLU's output that were always zero; None where that is not known.

    Those that the run counted, else, of the last turn, those of a copy of the output that was kept.
    """
    found, captured = call.statistics, call.captured
    if call.op in RELUS and found is not None and found.units and found.dead is not None:
        return DeadUnits(found.dead, found.units, found.elements // found.units)
    if call.op not in RELUS or captured is None or not captured.outputs or not isinstance(captured.outputs[0], Copy):
        return None
    output = captured.outputs[0].tensor
    if not output.numel() or output.dim() < 2 or output.layout is not torch.strided or output.is_meta:
        return None
    with torch.no_grad(), torch._C.DisableTorchFunction(), one_thread():
        by_unit = output.movedim(_dimension(output.dim()), 0).flatten(1)
        return DeadUnits(int((by_unit == 0).all(1).sum()), by_unit.shape[0], by_unit.shape[1])


def _dimension(dimensions: int) -> int:
    """Return which dimension counts the units: the channels of an image, else the last one."""
    return 1 if dimensions >= 4 else dimensions - 1
