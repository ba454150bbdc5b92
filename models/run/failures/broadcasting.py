"""Operations on two tensors whose shapes do not go together: element by element, and products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from torch import Tensor

from .failed_call import FailedCall
from .reshaping import numbers_given
from .words import sizes

_BY_ELEMENT = frozenset((
    "add", "sub", "mul", "div", "rsub", "rdiv", "pow", "rpow", "maximum", "minimum", "remainder", "floor_divide",
    "true_divide", "add_", "sub_", "mul_", "div_", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or",
    "atan2", "lerp", "bitwise_and", "bitwise_or",
))  # fmt: skip
_PRODUCTS = ("matmul", "mm", "bmm", "rmatmul")
_WRITTEN_WITH = {"masked_fill": ("mask",), "masked_fill_": ("mask",), "copy_": ("src",), "where": ("condition",)}
"""Operations beside these whose tensors go together element by element, and what their second is called."""


def hint(failed: FailedCall) -> str:
    """Return why two tensors do not go together, with what makes them; empty for anything else."""
    if failed.op in _WRITTEN_WITH:
        return _any_two(failed)
    if failed.op in ("expand", "broadcast_to"):
        return _expand(failed)
    left, right = failed.tensor(0, "input", "self"), failed.tensor(1, "other", "mat2")
    if left is None or right is None:
        return ""
    if failed.op == "rmatmul":
        left, right = right, left
    if failed.op in _PRODUCTS:
        return _product(failed, left, right)
    return _by_element(failed, left, right) if failed.op in _BY_ELEMENT else ""


def broadcast(left: Sequence[int], right: Sequence[int]) -> list[int] | None:
    """Return the shape that two shapes are broadcast to; None where they do not go together."""
    longest = max(len(left), len(right))
    one, other = ([1] * (longest - len(shape)) + list(shape) for shape in (left, right))
    if any(a != b and 1 not in (a, b) for a, b in zip(one, other, strict=True)):
        return None
    return [b if a == 1 else a for a, b in zip(one, other, strict=True)]


def _by_element(failed: FailedCall, left: Tensor, right: Tensor) -> str:
    ours, theirs = list(left.shape), list(right.shape)
    if broadcast(ours, theirs) is not None:
        return _grown(failed, left, right)
    said = f"{failed.name} joins {sizes(ours)}{failed.given(left)} and {sizes(theirs)}{failed.given(right)}"
    backs = [
        back for back in range(min(len(ours), len(theirs)), 0, -1)
        if ours[-back] != theirs[-back] and 1 not in (ours[-back], theirs[-back])
    ]  # fmt: skip
    differing = []
    for back in backs:
        a, b = len(ours) - back, len(theirs) - back
        where = f"dimension {a}" if a == b else f"dimension {a} of the first and {b} of the second"
        differing.append(f"{where}, {ours[a]:,} and {theirs[b]:,}")
    said += f": they differ in {', '.join(differing)}"
    mend = _lengthened(ours, theirs, "second") or _lengthened(theirs, ours, "first")
    shorter = left if len(ours) < len(theirs) else right
    longer = theirs if shorter is left else ours
    maker = failed.maker(shorter)
    if maker is not None and maker.path and len(longer) > shorter.dim() == 1:  # it fits a batch by chance at best
        mend = f"a `{maker.path}` of {sizes(longer[-1:])} fits"
    return f"{said}; {mend}" if mend else said


def _lengthened(longer: list[int], shorter: list[int], which: str) -> str:
    """Return at which single place a dimension of 1 makes the shorter one fit; empty where that is not certain."""
    if len(longer) != len(shorter) + 1 or not shorter:
        return ""
    fits = [
        place
        for place in range(1, len(shorter) + 1)
        if broadcast(longer, [*shorter[:place], 1, *shorter[place:]]) == longer
    ]
    return f"`.unsqueeze({fits[0]})` of the {which} fits" if len(fits) == 1 else ""


def _any_two(failed: FailedCall) -> str:
    """Return which two of the tensors of a call such as `masked_fill` or `where` do not go together."""
    tensors = [each for each in (*failed.args, *failed.kwargs.values()) if isinstance(each, Tensor)]
    for left, right in combinations(tensors, 2):
        if broadcast(left.shape, right.shape) is None:
            return _by_element(failed, left, right)
    if failed.op.endswith("_") and tensors:
        first = tensors[0]
        larger = next((each for each in tensors[1:] if broadcast(first.shape, each.shape) != list(first.shape)), None)
        if larger is not None:
            return (
                f"{failed.name} writes {sizes(larger.shape)}{failed.given(larger)} into {sizes(first.shape)}"
                f"{failed.given(first)}, which is smaller"
            )
    return ""


def _expand(failed: FailedCall) -> str:
    given = failed.tensor(0, "input", "self")
    wanted = numbers_given(failed, "size", "sizes")
    if given is None or wanted is None:
        return ""
    said = f"{failed.name} repeats [{', '.join(map(str, given.shape))}]{failed.given(given)} to {wanted}"
    if len(wanted) < given.dim():
        return f"{said}: that has fewer dimensions than it"
    ours = [1] * (len(wanted) - given.dim()) + list(given.shape)
    for back, (size, want) in enumerate(zip(ours[::-1], wanted[::-1], strict=True)):
        if want not in (-1, size) and size != 1:
            return f"{said}: only a dimension of 1 can be repeated, and dimension {given.dim() - 1 - back} is {size:,}"
    return ""


def _grown(failed: FailedCall, left: Tensor, right: Tensor) -> str:
    """Return why a tensor cannot take what is written into it: the result is larger than it."""
    ours, theirs = list(left.shape), list(right.shape)
    result = broadcast(ours, theirs)
    if not failed.op.endswith("_") or result == ours or result is None:
        return ""
    said = f"{failed.name} writes a result of {sizes(result)} into {sizes(ours)}{failed.given(left)}"
    return f"{said}: without writing in place, `{failed.op[:-1]}`, it fits"


def _product(failed: FailedCall, left: Tensor, right: Tensor) -> str:
    ours, theirs = list(left.shape), list(right.shape)
    if not ours or not theirs:
        return ""
    rows = theirs[-2] if len(theirs) > 1 else theirs[0]
    said = f"{failed.name} of {sizes(ours)}{failed.given(left)} and {sizes(theirs)}{failed.given(right)}"
    needed = {"bmm": 3, "mm": 2}.get(failed.op)
    if needed is not None and {len(ours), len(theirs)} != {needed}:
        said += f": both have to have {needed} dimensions"
        fits = len(ours) == 1 or broadcast(ours[:-2], theirs[:-2]) is not None
        return f"{said}; `matmul` takes these, and fits" if ours[-1] == rows and fits else said
    if ours[-1] != rows:
        said += f": the first has {ours[-1]:,} columns, the second {rows:,} rows"
        mends = []
        if len(theirs) > 1 and theirs[-1] == ours[-1]:
            mends.append("second")
        if len(ours) > 1 and ours[-2] == rows:
            mends.append("first")
        if len(mends) == 1 and (failed.op == "matmul" or len(ours) == len(theirs)):
            return f"{said}; `.transpose(-2, -1)` of the {mends[0]} fits"
        if (
            len(mends) == 2 and ours == theirs and len(ours) > 2
        ):  # as of queries and keys, of which the second is turned
            return f"{said}; `.transpose(-2, -1)` of the second fits, and gives {sizes([*ours[:-1], ours[-2]])}"
        return said
    if failed.op == "bmm" and len(ours) == len(theirs) == 3 and ours[0] != theirs[0]:
        said += f": the first has a batch of {ours[0]:,}, the second of {theirs[0]:,}"
        return f"{said}; `matmul` repeats the 1, and fits" if 1 in (ours[0], theirs[0]) else said
    if failed.op == "matmul" and broadcast(ours[:-2], theirs[:-2]) is None:
        return f"{said}: their first dimensions, {sizes(ours[:-2])} and {sizes(theirs[:-2])}, do not go together"
    return ""
