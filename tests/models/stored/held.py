"""A stored tensor whose bytes are in memory, and which knows what was read of it."""

from __future__ import annotations

import ctypes

import torch

from models.stored.dtypes import DTYPES, DType
from models.stored.stored import Stored, Unreadable


def bytes_of(tensor: torch.Tensor) -> bytes:
    """Its memory, which is contiguous."""
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()) if tensor.numel() else b""


class Held(Stored):
    def __init__(self, path: str, shape: tuple[int, ...], dtype: DType, raw: bytes, fails: Unreadable | None = None):
        super().__init__(path, shape, dtype)
        self.raw = raw
        self.fails = fails
        self.reads: list[tuple[int, int]] = []

    @classmethod
    def of(cls, tensor: torch.Tensor, path: str = "w") -> Held:
        """The same numbers as a live tensor."""
        flat = tensor.detach().resolve_conj().contiguous().reshape(-1)
        return cls(path, tuple(tensor.shape), DTYPES[str(tensor.dtype)[6:]], bytes_of(flat))

    @property
    def nbytes(self) -> int:
        return len(self.raw)

    @property
    def place(self) -> str:
        return "memory"

    @property
    def most(self) -> int:
        """Elements of the largest read."""
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
    """As large as one likes: every byte is 0 but those of the `spikes`, elements of float32."""

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
