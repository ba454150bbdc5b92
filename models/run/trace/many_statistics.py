"""Statistics of many floats, a piece at a time that the processor's cache holds: of each it takes four or five passes.

Of a whole tensor each pass would read all of it from memory again.
"""

from __future__ import annotations

import math
import threading
from typing import NamedTuple

import torch
from torch import Tensor

MANY = 2**16
"""Elements from which on this is the quicker way, for each of torch's threads."""
PIECE = 2**20
"""Bytes of a piece, for each of torch's threads."""
_ROWS = 128
"""Rows of words that are added: so many that no byte of their sum overflows."""
_HAS_AVX512 = torch.backends.cpu.get_cpu_capability() == "AVX512"


def is_many(elements: int) -> bool:
    """Return whether this is the quicker way: with several threads each pass has to be handed out and joined."""
    return elements >= MANY and elements >= MANY * torch.get_num_threads()


class Sums(NamedTuple):
    """What is found of floats that are all finite."""

    minimum: float
    maximum: float
    total: float
    squares: float
    """The sum of their squares; like `total` not finite where it does not fit."""
    zeros: int


def sums_of(values: Tensor) -> Sums | None:
    """Return the sums of a tensor of one dimension, of float32 or float64; None where one is NaN or infinite."""
    elements = values.numel()
    step = PIECE // values.element_size() * torch.get_num_threads()
    low, high, total, squares, zeros = math.inf, -math.inf, 0.0, 0.0, 0
    for piece in (values,) if elements <= step else torch.split(values, step):
        least, largest = _extremes(piece)
        if not math.isfinite(least + largest) and not (math.isfinite(least) and math.isfinite(largest)):
            return None
        total += torch.sum(piece).item()
        squares += torch.dot(piece, piece).item()
        if least <= 0 <= largest:
            zeros += _Flags.of(step).zeros_in(piece, surely=least == 0)  # only now: fake tensors fail before
        low, high = min(low, least), max(high, largest)
    return Sums(low, high, total, squares, zeros)


def _extremes(piece: Tensor) -> tuple[float, float]:
    """Return the least and the largest element; NaN where one is NaN."""
    if _HAS_AVX512:  # there the two passes take less time than the one
        return torch.amin(piece).item(), torch.amax(piece).item()
    least, largest = torch.aminmax(piece)
    return least.item(), largest.item()


class _Flags:
    """A byte for each element of a piece that says whether it is not zero; taken once, and written over each time.

    To count what is set torch looks at each by itself, but it adds words of eight flags at once.

    Args:
        elements: of a piece, at most.
    """

    _own = threading.local()

    def __init__(self, elements: int) -> None:
        with torch.inference_mode(False):
            self._width = -(-elements // (8 * _ROWS)) * 8
            self.size = self._width * _ROWS
            self._set = torch.empty(self.size, dtype=torch.bool, device="cpu")
            self._bytes = self._set.view(torch.uint8)
            self._rows = self._set.view(torch.int64).view(_ROWS, -1)
            self._sum = torch.empty(self._width // 8, dtype=torch.int64, device="cpu")
            self._counts = self._sum.view(torch.uint8)

    @classmethod
    def of(cls, elements: int) -> _Flags:
        """Return those of this thread, for pieces of so many elements."""
        flags: _Flags | None = getattr(cls._own, "flags", None)
        if flags is None or not elements <= flags.size <= 2 * elements + 8 * _ROWS:
            flags = cls._own.flags = cls(elements)
        return flags

    def zeros_in(self, piece: Tensor, surely: bool) -> int:
        """Return how many elements of a piece are zero.

        Args:
            surely: whether it is known that some are: otherwise that is asked first, as it takes less time.
        """
        elements = piece.numel()
        whole = elements == self.size
        (self._set if whole else self._set[:elements]).copy_(piece)
        if not surely and (self._bytes if whole else self._bytes[:elements]).amin().item():
            return 0
        rows, rest = divmod(elements, self._width)
        found = 0
        if rows:
            torch.sum(self._rows if whole else self._rows[:rows], 0, out=self._sum)
            found = int(self._counts.sum())
        if rest:
            found += int(torch.count_nonzero(self._set[elements - rest : elements]))
        return elements - found
