"""Whether two sources differ for certain, by a glance at some bytes.  Must not import torch."""

from __future__ import annotations

from ..tensors.readable import Unreadable
from .pairing import Pairs
from .pieces import Pieces

PAIRS = 64
"""Pairs that are looked at, spread over all."""
LOOK = 2**10
"""Elements at the beginning, in the middle and at the end of each."""


def differ_at_a_glance(pairs: Pairs) -> bool:
    """Return whether some bytes of a few tensors differ, so that torch will be needed; False says nothing."""
    both = [(a, b) for a, b in pairs.both if a is not None and b is not None and a.side.shape == b.side.shape]
    for a, b in both[:: max(len(both) // PAIRS, 1)]:
        mine, theirs = a.readable, b.readable
        if mine.absence[0] or theirs.absence[0]:
            continue
        pieces = Pieces(mine, theirs, a.side.dtype == b.side.dtype)
        if not pieces.in_bytes:
            return True  # numbers are needed to compare them at all
        if mine.strides is not None or theirs.strides is not None:
            continue
        size = pieces.elements
        starts = (0, size // 2 // LOOK * LOOK, max(size - 1, 0) // LOOK * LOOK)
        try:
            if not all(pieces.equal(start, min(start + LOOK, size)) for start in starts):
                return True
        except Unreadable:
            return False
    return False
