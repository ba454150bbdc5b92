"""Counts, compared with Python's own."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from models.tensors.statistics.binning import Bins


@pytest.mark.parametrize("highest", [1, 40, 180, 181, 1000])
@pytest.mark.parametrize("sizes", [[0], [1], [5], [4096], [4097, 3, 10_000], [9_999, 9_999]])
def test_counts(highest: int, sizes: list[int]) -> None:
    bins, expected = Bins(highest), Counter()
    for size in sizes:
        numbers = torch.randint(0, highest + 1, (size,), dtype=torch.int16)
        bins.add(numbers)
        expected.update(numbers.tolist())
    assert bins.counts() == [expected[number] for number in range(highest + 1)]
