"""Counts small whole numbers, for histograms: chunk after chunk, and two at a time.

A count waits for the one before when both fall into one bin, as they mostly do.  A pair of numbers taken as one number
falls into many more bins, and there are half as many.
"""

from __future__ import annotations

import torch
from torch import Tensor

_WORTH_PAIRS = 2**12
"""Numbers from which on pairs are quicker."""
_MOST = 2**15
"""Numbers are int16."""


class Bins:
    """How often each number from 0 to `most` came."""

    def __init__(self, most: int) -> None:
        self._size = most + 1
        self._single: Tensor | None = None
        self._pairs: Tensor | None = None

    def add(self, numbers: Tensor) -> None:
        """Count a flat int16 tensor."""
        half = numbers.numel() // 2
        if numbers.numel() >= _WORTH_PAIRS and self._size * self._size <= _MOST:
            codes = torch.add(numbers[:half], numbers[half : 2 * half], alpha=self._size)
            counted = torch.bincount(codes, minlength=self._size * self._size)
            self._pairs = counted if self._pairs is None else self._pairs.add_(counted)
            numbers = numbers[2 * half :]
        if numbers.numel():
            counted = torch.bincount(numbers, minlength=self._size)
            self._single = counted if self._single is None else self._single.add_(counted)

    def counts(self) -> list[int]:
        """What was counted, `most + 1` numbers."""
        total = self._single
        if self._pairs is not None:
            table = self._pairs.view(self._size, self._size)
            pairs = table.sum(0).add_(table.sum(1))
            total = pairs if total is None else total + pairs
        return [0] * self._size if total is None else [int(count) for count in total.tolist()]
