"""Counts of small whole numbers, for histograms, chunk after chunk and two numbers at a time.

An increment waits for the one before when both fall into one bin, as they mostly do.  Pairs of numbers, taken as one
number, fall into many more bins, and there are half as many.
"""

from __future__ import annotations

import torch
from torch import Tensor

_PAIRS_FROM = 2**12
"""Numbers from which on counting pairs is faster."""
_CODE_LIMIT = 2**15
"""Codes of pairs that int16 holds."""


class Bins:
    """How often each number from 0 to `highest` was added."""

    def __init__(self, highest: int) -> None:
        self._size = highest + 1
        self._single: Tensor | None = None
        self._pairs: Tensor | None = None

    def add(self, numbers: Tensor) -> None:
        """Count the numbers of a one-dimensional int16 tensor, each from 0 to `highest`."""
        half = numbers.numel() // 2
        if numbers.numel() >= _PAIRS_FROM and self._size * self._size <= _CODE_LIMIT:
            codes = torch.add(numbers[:half], numbers[half : 2 * half], alpha=self._size)
            counted = torch.bincount(codes, minlength=self._size * self._size)
            self._pairs = counted if self._pairs is None else self._pairs.add_(counted)
            numbers = numbers[2 * half :]
        if numbers.numel():
            counted = torch.bincount(numbers, minlength=self._size)
            self._single = counted if self._single is None else self._single.add_(counted)

    def counts(self) -> list[int]:
        """Return how often each number was added, `highest + 1` counts."""
        total = self._single
        if self._pairs is not None:
            table = self._pairs.view(self._size, self._size)
            pairs = table.sum(0).add_(table.sum(1))
            total = pairs if total is None else total + pairs
        return [0] * self._size if total is None else [int(count) for count in total.tolist()]
