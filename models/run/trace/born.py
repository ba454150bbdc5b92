"""What a NaN or an infinity was made of: the element where it first is, with what the operation read there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from .call_statistics import OutputStatistics
from .costs import is_elementwise

if TYPE_CHECKING:
    from .origins import Memory

Read = tuple["Memory", OutputStatistics]
"""A tensor that an operation read, and its statistics before it."""
_BY_ROW = frozenset(("softmax", "log_softmax", "logsumexp"))
_OF_SAMPLES = frozenset(("std", "var", "std_mean", "var_mean"))
_OF_TARGETS = frozenset(("cross_entropy", "nll_loss"))
IGNORED = -100
"""The target that losses leave out, unless they are given another."""
_MOST = 3
"""Operands that are named."""


def made_of(
    op: str, what: Literal["NaN", "infinity"], output: Memory, read: Sequence[Read], numbers: list[float]
) -> str:
    """Return what stands behind an operation's name: ` of -0.31 at [0, 2]`; empty where that cannot be known.

    Args:
        output: what it gave.
        read: the tensors it read that are neither parameters nor buffers.
        numbers: those among its arguments.
    """
    try:
        with torch.no_grad(), torch._C.DisableTorchFunction():
            return _made_of(op, what, output, read, numbers)
    except Exception:  # of a class of the user's, or a dtype without such an operation
        return ""


def range_of(read: Sequence[Read]) -> str:
    """Return between which numbers lay what an operation read: `-0.83 to 0.58`; empty where not all were finite."""
    found = [each for _, each in read]
    if not found or len(found) > _MOST or not all(each.finite and each.all_finite for each in found):
        return ""
    ranges = dict.fromkeys(
        f"{each.minimum + 0.0:.4g}" + (f" to {each.maximum + 0.0:.4g}" if each.maximum > each.minimum else "")
        for each in found
    )
    return " and ".join(ranges)


def _made_of(op: str, what: str, output: Memory, read: Sequence[Read], numbers: list[float]) -> str:
    result = output.tensor
    operands = [memory.tensor for memory, _ in read if memory.key != output.key]  # else it is written over
    if result is None or len(operands) != len(read) or not all(_is_plain(each) for each in (result, *operands)):
        return ""
    plain = [each for each in operands if each is not None]
    name = op.rstrip("_")
    if plain and not plain[0].numel():
        return " of no elements"
    if name in _OF_SAMPLES and plain and plain[0].numel() == result.numel():
        return " of one element at a time"
    if name in _OF_TARGETS and len(plain) > 1 and bool((plain[1] == IGNORED).all()):
        return f" of targets that are all {IGNORED}, which it ignores"
    if name in _BY_ROW and plain and what == "NaN":
        return _of_row(result, plain[0])
    if not is_elementwise(op) or not plain or len(plain) + len(numbers) > _MOST:
        return ""
    broadcast = [each.expand(result.shape) for each in plain]
    bad = result.isnan() if what == "NaN" else result.isinf()
    if what != "NaN":
        for each in broadcast:
            bad = bad & each.isfinite()
    index = _first(bad)
    if index is None:
        return ""
    values = [f"{float(each[index]) + 0.0:.4g}" for each in broadcast] + [f"{number:.4g}" for number in numbers]
    return f" of {' and '.join(values)} at {list(index)}" if index else f" of {' and '.join(values)}"


def _of_row(result: Tensor, given: Tensor) -> str:
    """Return in which row of what a softmax read there is nothing but minus infinity."""
    if result.shape != given.shape:
        return ""
    index = _first(result.isnan())
    for dimension in reversed(range(given.dim())) if index is not None else ():
        before, after = index[:dimension], index[dimension + 1 :]  # type: ignore[index]
        line = (*before, slice(None), *after)
        if bool((given[line] == -math.inf).all()):
            shown = ", ".join([*map(str, before), ":", *map(str, after)])
            return f" of a row, [{shown}], that is -inf throughout"
    return ""


def _first(bad: Tensor) -> tuple[int, ...] | None:
    flat = bad.reshape(-1)
    place = int(flat.byte().argmax()) if flat.numel() else 0
    if not flat.numel() or not bool(flat[place]):
        return None
    return tuple(int(each) for each in torch.unravel_index(torch.tensor(place, device="cpu"), bad.shape))


def _is_plain(tensor: Tensor | None) -> bool:
    """Return whether the elements of a tensor can be read at once."""
    return tensor is not None and tensor.is_cpu and tensor.layout is torch.strided and not tensor.is_complex()
