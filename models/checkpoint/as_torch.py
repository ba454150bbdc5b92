"""A stored tensor as one of torch's, read whole."""

from __future__ import annotations

import torch

from .stored import Stored
from .torch_pieces import torch_piece


def as_torch(stored: Stored) -> torch.Tensor:
    """The values in a tensor of its own, of the same shape; of another dtype where torch has no such type.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    return torch_piece(stored, 0, stored.elements).reshape(stored.shape)
