"""Conversion of a stored tensor to a `torch.Tensor`, read whole."""

from __future__ import annotations

import torch

from ..tensors.lattice import repeats_much
from ..tensors.overlap import span_piece
from .stored import Stored


def as_torch(stored: Stored) -> torch.Tensor:
    """Return the elements as a new CPU tensor of the same shape; of a wider dtype where torch has no such type.

    Where a stored tensor repeats few elements many times, the result is a strided view of those few too.

    Raises:
        Unreadable: the file changed, vanished or cannot be read, or too much is stored for such a view.
    """
    strides = stored.strides
    if strides is not None and repeats_much(stored.shape, strides):
        return span_piece(stored).as_strided(stored.shape, strides)
    return stored.piece(0, stored.elements).reshape(stored.shape)
