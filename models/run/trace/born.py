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
ATTENTION = frozenset(("multi_head_attention_forward",))
_OF_DETERMINANT = frozenset(("logdet",))
LARGEST = 65_504
"""Of float16."""
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


def is_narrow(what: str, output: Memory, read: Sequence[Read]) -> bool:
    """Return whether float16 is what made a result infinite, or NaN of finite numbers that it cannot hold."""
    result = output.tensor
    if result is None or result.dtype is not torch.float16 or not all(each.all_finite for _, each in read):
        return False
    return what != "NaN" or any(max(each.maximum, -each.minimum) > LARGEST for _, each in read if each.finite)


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
    if name in _OF_TARGETS and len(plain) > 1 and what != "NaN":
        return _of_target(plain[0], plain[1])
    if name in _BY_ROW and plain and what == "NaN":
        return _of_row(result, plain[0])
    if name in ATTENTION and what == "NaN":
        return _of_masks(plain)
    if name == "kl_div" and len(plain) > 1 and bool((plain[1] < 0).any()):
        return f" of a target of {float(plain[1].min()):.4g}, which is no probability"
    if name in _OF_DETERMINANT:
        return " of a matrix whose determinant is not above 0"
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


def _of_target(given: Tensor, target: Tensor) -> str:
    """Return which target is of a class that is masked; empty for none."""
    if target.is_floating_point() or given.dim() not in (1, 2) or target.dim() != given.dim() - 1:
        return ""
    rows = given if given.dim() == 2 else given[None]
    of = rows.gather(1, target.reshape(-1, 1).clamp(0, rows.shape[1] - 1)).reshape(-1)
    index = _first(of.isinf() & (target.reshape(-1) >= 0))
    if index is None:
        return ""
    return f" of target {int(target.reshape(-1)[index])} at {list(index)}, for which it read {float(of[index])}"


def _of_masks(given: Sequence[Tensor]) -> str:
    """Return where the masks of an attention of `[time, batch, features]` leave a query no key; empty for nowhere."""
    if len(given) < 4 or any(each.dim() != 3 for each in given[:3]):
        return ""
    (queries, batch, _), keys = given[0].shape, given[1].shape[0]
    hidden = torch.zeros(batch, queries, keys, dtype=torch.bool, device="cpu")
    names = []
    for mask in given[3:]:
        masked = mask if mask.dtype is torch.bool else mask == -math.inf
        if not bool(masked.any()):
            continue
        if mask.shape == (batch, keys):
            names.append("key_padding_mask")
            hidden |= masked[:, None]
        elif mask.shape == (queries, keys):
            names.append("attn_mask")
            hidden |= masked
        elif mask.dim() == 3 and mask.shape[1:] == (queries, keys) and not mask.shape[0] % batch:
            names.append("attn_mask")
            hidden |= masked.view(batch, -1, queries, keys).any(1)
    rows = hidden.all(2)
    index = _first(rows)
    if index is None:
        return ""
    of = f"all queries of row {index[0]} of the batch" if bool(rows[index[0]].all()) else f"query {list(index)}"
    return f" where {' and '.join(dict.fromkeys(names))} leave{'s' * (len(set(names)) == 1)} {of} no key"


def _first(bad: Tensor) -> tuple[int, ...] | None:
    flat = bad.reshape(-1)
    place = int(flat.byte().argmax()) if flat.numel() else 0
    if not flat.numel() or not bool(flat[place]):
        return None
    return tuple(int(each) for each in torch.unravel_index(torch.tensor(place, device="cpu"), bad.shape))


def _is_plain(tensor: Tensor | None) -> bool:
    """Return whether the elements of a tensor can be read at once."""
    return tensor is not None and tensor.is_cpu and tensor.layout is torch.strided and not tensor.is_complex()
