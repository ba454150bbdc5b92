"""`view`, `reshape`, `unflatten` and `permute` that do not go with what they are given."""

from __future__ import annotations

from math import prod

from torch import Size, Tensor

from .failed_call import FailedCall
from .words import counted, sizes


def hint(failed: FailedCall) -> str:
    """Return why a change of shape failed, with what fits; empty for anything else."""
    given = failed.tensor(0, "input", "self")
    if given is None:
        return ""
    if failed.op in ("view", "reshape"):
        return _view(failed, given)
    if failed.op == "permute":
        return _permute(failed, given)
    return ""


def numbers_given(failed: FailedCall, *names: str) -> list[int] | None:
    """Return the sizes of a call such as `view(2, -1)` or `view((2, -1))`; None for others."""
    first = failed.argument(1, *names)
    found = list(first) if isinstance(first, (tuple, list, Size)) else list(failed.args[1:])
    return found if found and all(type(each) is int for each in found) else None


def _view(failed: FailedCall, given: Tensor) -> str:
    wanted = numbers_given(failed, "size", "shape")
    if wanted is None or wanted.count(-1) > 1 or any(each < -1 for each in wanted):
        return ""
    known = prod(each for each in wanted if each != -1)
    there = given.numel()
    if known == there or (-1 in wanted and known and there % known == 0):
        if failed.op != "view" or given.is_contiguous():
            return ""
        return (
            f"the elements of {sizes(given.shape)}{failed.given(given)} do not lie one after the other: "
            f"`reshape` in place of `view` fits"
        )
    said = (
        f"{sizes(given.shape)}{failed.given(given)} has {counted(there, 'element')}, which {sizes(wanted)} cannot hold"
    )
    return said + _fitting(failed, given, wanted)


def _fitting(failed: FailedCall, given: Tensor, wanted: list[int]) -> str:
    """Return sizes that keep the batch and fit; empty where they are not certain."""
    if given.dim() < 2 or not given.numel():
        return ""
    batch = given.shape[0]
    each = prod(given.shape[1:])
    rest = wanted[1:]
    known = prod(number for number in rest if number != -1)
    if wanted[0] not in (-1, batch) and rest and known and (each % known == 0 if -1 in rest else each == known):
        sizes = ", ".join(map(str, [batch, *rest]))
        return f": its first dimension is {batch}, not {wanted[0]}: `{failed.op}({sizes})` fits"
    if len(wanted) == 2 and wanted[0] in (-1, batch) and wanted[1] > 0:
        return f": each of its {batch:,} has {each:,}, so `{failed.op}({wanted[0]}, {each})` fits"
    return ""


def _permute(failed: FailedCall, given: Tensor) -> str:
    order = numbers_given(failed, "dims")
    if order is None or len(order) == given.dim():
        return ""
    return (
        f"`permute` of {sizes(given.shape)}{failed.given(given)} needs {counted(given.dim(), 'dimension')}, "
        f"got {len(order)}: {order}"
    )
