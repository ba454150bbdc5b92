"""`cat` and `stack` of tensors whose shapes differ elsewhere."""

from __future__ import annotations

from torch import Tensor

from .failed_call import FailedCall
from .words import sizes

CATS = ("cat", "concat", "concatenate")
"""Names of the function that joins tensors along a dimension."""


def hint(failed: FailedCall) -> str:
    """Return which tensors of a `cat` or `stack` differ and where, with what fits; empty for anything else."""
    if failed.op not in (*CATS, "stack"):
        return ""
    tensors = failed.argument(0, "tensors")
    along = failed.argument(1, "dim", "axis")
    if not isinstance(tensors, (tuple, list)) or not all(isinstance(each, Tensor) for each in tensors):
        return ""
    along = 0 if along is None else along
    shapes = [list(each.shape) for each in tensors]
    different = next((index for index, shape in enumerate(shapes) if not _joins(failed, shapes[0], shape, along)), None)
    if different is None:
        return ""
    first, other = shapes[0], shapes[different]
    said = f"{failed.name} joins {sizes(first)}{failed.given(tensors[0])}"
    said += f" and {sizes(other)}{failed.given(tensors[different])}"
    if len(first) != len(other):
        return f"{said}: they have {len(first)} and {len(other)} dimensions" + _lengthened(failed, shapes, along)
    joined = along % len(first) if failed.op in CATS else -1
    differing = [d for d in range(len(first)) if first[d] != other[d] and d != joined]
    said += ": they differ in " + ", ".join(f"dimension {d}, {first[d]:,} and {other[d]:,}" for d in differing)
    if failed.op == "stack":
        return said
    fits = [d for d in range(len(first)) if all(_joins(failed, first, shape, d) for shape in shapes)]
    if len(fits) == 1:
        return f"{said}; `dim={fits[0]}` fits"
    return said + _cropped(first, other, differing, len(tensors))


def _joins(failed: FailedCall, one: list[int], other: list[int], along: int) -> bool:
    if failed.op == "stack":
        return one == other
    if other == [0] or one == [0]:
        return True  # as torch once allowed
    if len(one) != len(other) or not one:
        return False
    return all(a == b or index == along % len(one) for index, (a, b) in enumerate(zip(one, other, strict=True)))


def _lengthened(failed: FailedCall, shapes: list[list[int]], along: int) -> str:
    """Return at which single place a dimension of 1 makes the shorter of two tensors fit; empty otherwise."""
    if failed.op == "stack" or len(shapes) != 2:
        return ""
    longer, shorter = sorted(shapes, key=len, reverse=True)
    if len(longer) != len(shorter) + 1:
        return ""
    places = range(len(longer))
    fits = [p for p in places if _joins(failed, longer, [*shorter[:p], 1, *shorter[p:]], along)]
    return f"; `.unsqueeze({fits[0]})` of the one with {len(shorter)} fits" if len(fits) == 1 else ""


def _cropped(first: list[int], other: list[int], differing: list[int], number: int) -> str:
    """Return how the sides of two images that differ by little, as in a U-Net, are made equal; empty otherwise."""
    n = len(first)
    if number != 2 or n not in (3, 4, 5) or any(d < 2 or abs(first[d] - other[d]) > 3 for d in differing):
        return ""
    if all(first[d] >= other[d] for d in range(2, n)):
        which, sides = "first", other
    elif all(first[d] <= other[d] for d in range(2, n)):
        which, sides = "second", first
    else:
        return ""
    return f"; `[..., {', '.join(f':{sides[d]}' for d in range(2, n))}]` of the {which} fits"
