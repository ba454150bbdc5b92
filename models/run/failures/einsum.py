"""`einsum` whose equation does not go with the shapes it is given."""

from __future__ import annotations

import re

from torch import Tensor

from .failed_call import FailedCall
from .words import counted, sizes


def hint(failed: FailedCall) -> str:
    """Return which letter of the equation stands for two sizes, or which operand has other dimensions; else empty."""
    equation = failed.argument(0, "equation")
    if failed.op != "einsum" or not isinstance(equation, str):
        return ""
    rest = failed.args[1:]
    operands = list(rest[0]) if len(rest) == 1 and isinstance(rest[0], (list, tuple)) else list(rest)
    terms = [re.sub(r"\s", "", term) for term in equation.partition("->")[0].split(",")]
    if not all(isinstance(each, Tensor) for each in operands):
        return ""
    if len(terms) != len(operands):
        return f"{failed.name} names {counted(len(terms), 'operand')} in `{equation}`, and got {len(operands)}"
    seen: dict[str, tuple[int, Tensor]] = {}
    for term, tensor in zip(terms, operands, strict=True):
        if "..." in term:
            return ""
        if len(term) != tensor.dim():
            return (
                f"{failed.name} has {counted(len(term), 'letter')}, `{term}`, for {sizes(tensor.shape)}"
                f"{failed.given(tensor)}, which has {counted(tensor.dim(), 'dimension')}"
            )
        for letter, size in zip(term, tensor.shape, strict=True):
            before, other = seen.setdefault(letter, (size, tensor))
            if before != size and 1 not in (before, size):
                return (
                    f"`{letter}` in `{equation}` of {failed.name} is {before:,} in {sizes(other.shape)}"
                    f"{failed.given(other)} and {size:,} in {sizes(tensor.shape)}{failed.given(tensor)}"
                )
    return ""
