"""A stored tensor as one of torch's, read whole."""

from __future__ import annotations

import torch

from .overlap import overlapping, too_wide, view_of
from .stored import Stored, Unreadable
from .torch_pieces import torch_piece


def as_torch(stored: Stored) -> torch.Tensor:
    """The values in a tensor of its own, of the same shape; of another dtype where torch has no such type.

    One that shows few stored elements many times is a view of these here too.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    if (view := overlapping(stored)) is not None:
        if reason := too_wide(view):
            raise Unreadable(reason)
        return view_of(view)
    return torch_piece(stored, 0, stored.elements).reshape(stored.shape)
