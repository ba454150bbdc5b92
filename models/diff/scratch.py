"""Memory of a thread that is used again and again: what is new each time takes several times as long."""

from __future__ import annotations

import threading

import torch
from torch import Tensor


class _Rooms(threading.local):
    def __init__(self) -> None:
        self.rooms: dict[tuple[str, torch.dtype], Tensor] = {}


_ROOMS = _Rooms()


def room(name: str, size: int, dtype: torch.dtype) -> Tensor:
    """Return a one-dimensional CPU tensor of any contents, which the next call with this name in this thread gives too.

    The memory of the largest size that was asked for is kept as long as the thread lives.
    """
    found = _ROOMS.rooms.get((name, dtype))
    if found is None or found.numel() < size:
        found = _ROOMS.rooms[name, dtype] = torch.empty(size, dtype=dtype, device="cpu")
    return found if found.numel() == size else found[:size]
