"""Operations behind which the elements are the same ones: what is gone back through to who computed them."""

from __future__ import annotations

SAME_ELEMENTS = frozenset((
    "view", "reshape", "flatten", "squeeze", "unsqueeze", "transpose", "permute", "movedim", "contiguous", "T", "mT",
    "expand", "float", "double", "half", "bfloat16", "to", "clone", "Flatten", "Unflatten", "Identity",
))  # fmt: skip
"""By name, of operations and layers."""
FOLLOWED = 8
"""How many of them are gone back through."""
