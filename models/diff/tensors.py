"""A tensor of a source that is compared with another's.

Must not import torch.
"""

from __future__ import annotations

from math import prod

from ..tensors.readable import Readable
from .difference import TensorSide


class Comparable:
    """One tensor of a source, to be compared.  Safe to read from several threads."""

    __slots__ = ("elements", "lacks", "path", "readable", "side", "stored", "twins")

    def __init__(
        self, side: TensorSide, readable: Readable, lacks: str = "", twins: tuple[str, ...] = (), stored: bool = False
    ) -> None:
        self.side = side
        self.path = side.path
        """The path under which it is compared: its own, until it is renamed."""
        self.readable = readable
        self.lacks = lacks
        """A sentence on why the other kind of source need not have it; empty for what both should have."""
        self.twins = twins
        """Other paths of the same tensor, under one of which alone a checkpoint may hold it."""
        self.stored = stored
        """Whether it lies in a file, which may hold a tensor under one of its names alone."""
        self.elements = 0 if side.shape is None else prod(side.shape)
        """The number of elements; 0 where the shape is unknown."""

    def copy(self) -> Comparable:
        """Return the same tensor, to be renamed apart from this one."""
        return Comparable(self.side, self.readable, self.lacks, self.twins, self.stored)
