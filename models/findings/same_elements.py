"""Operations behind which the elements are the same ones: what is gone back through to who computed them."""

from __future__ import annotations

from ..run.trace.calls import Call

SAME_ELEMENTS = frozenset((
    "view", "reshape", "flatten", "squeeze", "unsqueeze", "transpose", "permute", "movedim", "contiguous", "T", "mT",
    "expand", "float", "double", "half", "bfloat16", "to", "clone", "Flatten", "Unflatten", "Identity",
))  # fmt: skip
"""By name, of operations and layers."""
FOLLOWED = 8
"""How many of them are gone back through."""


def computed_by(call: Call | None) -> Call | None:
    """Return the row of the operation that computed what `call` gave, before that was only laid out anew.

    None where the input of `call` is given, where several calls made it, or behind more than `FOLLOWED` such calls.
    """
    for _ in range(FOLLOWED):
        if call is None:
            return None
        row = call.row_of()
        if row.op not in SAME_ELEMENTS:
            return row
        call = row.producers[0] if len(row.producers) == 1 else None
    return None
