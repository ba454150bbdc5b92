"""A stored tensor as one of torch's, read whole."""

from __future__ import annotations

import torch

from .stored import Stored


def as_torch(stored: Stored) -> torch.Tensor:
    """The values in a tensor of its own, of the same shape.

    Quantised ones come as float32, and types that torch lacks as float32 too; one that holds two numbers a byte stays
    as torch packs it.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    plain = stored.dtype.plain
    if not stored.elements:
        return torch.empty(stored.shape, dtype=getattr(torch, plain.torch or "float32"))
    raw = stored.flat(0, stored.elements)
    if plain.torch and plain.per_unit == 1:
        return torch.frombuffer(bytearray(raw), dtype=getattr(torch, plain.torch)).reshape(stored.shape)
    assert plain.decode is not None
    return torch.tensor(plain.decode(raw)[: stored.elements], dtype=torch.float32).reshape(stored.shape)
