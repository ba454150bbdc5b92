"""Stored tensors whose bytes are in memory, and which record what is read of them."""

from __future__ import annotations

import ctypes

import torch

from models.stored.dtypes import DTYPES, DType
from models.stored.stored import Stored
from models.tensors.readable import Unreadable


def bytes_of(tensor: torch.Tensor) -> bytes:
    """Return the memory of a contiguous tensor."""
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()) if tensor.numel() else b""


class Held(Stored):
    """A stored tensor of the bytes `raw`; its reads raise `fails` where that is given."""

    def __init__(self, path: str, shape: tuple[int, ...], dtype: DType, raw: bytes, fails: Unreadable | None = None):
        super().__init__(path, shape, dtype)
        self.raw = raw
        self.fails = fails
        self.reads: list[tuple[int, int]] = []

    @classmethod
    def of(cls, tensor: torch.Tensor, path: str = "w") -> Held:
        """Return a stored tensor of the same elements as a live one."""
        flat = tensor.detach().resolve_conj().contiguous().reshape(-1)
        return cls(path, tuple(tensor.shape), DTYPES[str(tensor.dtype)[6:]], bytes_of(flat))

    @property
    def nbytes(self) -> int:
        return len(self.raw)

    @property
    def place(self) -> str:
        return "memory"

    @property
    def largest_read(self) -> int:
        """Return the elements of the largest read."""
        return max((stop - start for start, stop in self.reads), default=0)

    def flat(self, start: int, stop: int) -> bytes:
        plain = self.dtype.plain
        assert 0 <= start <= stop <= self.elements
        assert start % plain.per_unit == 0
        assert stop % plain.per_unit == 0 or stop == self.elements
        self.reads.append((start, stop))
        if self.fails:
            raise self.fails
        return self.raw[start // plain.per_unit * plain.unit : plain.bytes_for(stop)]


class Zeros(Held):
    """A float32 tensor of any size whose elements are 0, but for the `spikes` at these indices."""

    def __init__(self, shape: tuple[int, ...], spikes: dict[int, float] | None = None):
        super().__init__("zeros", shape, DTYPES["float32"], b"")
        self.spikes = spikes or {}

    def flat(self, start: int, stop: int) -> bytes:
        self.reads.append((start, stop))
        found = torch.zeros(stop - start)
        for at, value in self.spikes.items():
            if start <= at < stop:
                found[at - start] = value
        return bytes_of(found)
