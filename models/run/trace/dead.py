"""Units of a ReLU that are zero for every row and position that went through it in a call."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from .call_statistics import OutputStatistics
from .calls import Call

RELUS = frozenset(("relu", "relu_", "relu6"))
"""Operations that give zero for what is negative, and nothing below."""
FEWEST = 8
"""Rows and positions below which it is chance whether a unit is zero at each."""
LARGEST = 2**24
"""Elements up to which units are counted: it is one pass more."""
MANY = 2**15
"""Elements from which on a part is looked at first."""
PART = 8
"""A part of so many in which nearly all units are somewhere above zero, but those that are dead."""
_BY_CHANNEL = ("conv", "batchnorm", "batch_norm", "instancenorm", "instance_norm", "groupnorm", "group_norm")
"""What gives its channels in the second dimension, as the beginnings of names in small letters."""


def note_dead(output: Tensor, found: OutputStatistics, unit: int) -> None:
    """Note in the statistics of what a ReLU gave how many units it has and how many of them are zero throughout.

    Args:
        unit: their dimension, as `unit_dimension` has it.
    """
    found.units = units = output.shape[unit]
    if found.zeros * units < output.numel():
        found.dead = 0  # fewer zeros than rows
    elif found.all_finite:
        found.dead = _dead(output.detach(), unit)


def _dead(output: Tensor, unit: int) -> int:
    """Return how many units are zero throughout: of those that are not in a part of it the rest is not looked at."""
    others = [dimension for dimension in range(output.dim()) if dimension != unit]
    longest = max(others, key=output.size)
    length = output.size(longest)
    if output.numel() >= MANY and length >= PART:
        part = output.narrow(longest, length // 2, length // PART)
        silent = _zero_throughout(part, others)
        if not silent.size(0):
            return 0
        if 2 * silent.size(0) < output.size(unit):
            output = output.index_select(unit, silent)
    return _zero_throughout(output, others).size(0)


def _zero_throughout(output: Tensor, others: list[int]) -> Tensor:
    """Return the indices of the units that are nowhere above zero; `others` are the dimensions besides theirs."""
    return torch.eq(output.amax(others), 0).nonzero().view(-1)


def unit_dimension(output: Tensor, producers: Iterable[Call]) -> int | None:
    """Return the dimension of the units of what a ReLU gave; None where they are not counted.

    A unit is a channel, in the second dimension of an image and of what a convolution gave, else an element of the last
    dimension.  They are not where there are few rows, or too many elements.

    Args:
        producers: the calls that made its input.
    """
    dimensions, elements = output.dim(), output.numel()
    if dimensions < 2 or not output.dtype.is_floating_point or not 0 < elements <= LARGEST:
        return None
    by_channel = dimensions > 3 or any(call.op.lower().startswith(_BY_CHANNEL) for call in producers)
    unit = 1 if by_channel else dimensions - 1
    return None if elements < FEWEST * output.shape[unit] else unit
