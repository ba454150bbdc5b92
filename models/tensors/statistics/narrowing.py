"""Selection of the numbers at given ranks of a stream, in several passes and bounded memory.

Each finite float64 has a key, a whole number in the same order.  A key range is one in which some of the ranks are
known to lie.  Each pass, as in a radix select, narrows every range to a 131,072th, or, where few elements are left in
all ranges together, gathers and sorts them.

Munro and Paterson, "Selection and Sorting with Limited Storage" (1980), do it in such passes.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .float_codes import CODES, INFINITY, NEGATIVE

GATHERED = 2**20
"""Elements up to which they are gathered and sorted."""
_PASS_BITS = 17
"""Bits of a key by which a pass narrows a range."""
_SINGLES = 29
"""Low bits of a float64's key that are the same in all float32 of one sign."""
_LARGEST = 2**63 - 1


@dataclass(slots=True)
class KeyRange:
    """The elements of one code whose keys are from `low` to `high`, both included."""

    code: int
    low: int
    high: int
    count: int
    """How many elements there are."""
    ranks: dict[int, list[float]]
    """The wanted ranks among them in ascending order, from 1 on, and the quantiles (0 to 1) at each."""
    grid: int = 0
    """How many low bits of all elements' keys are equal to those of `low`."""

    @classmethod
    def of_code(cls, code: int, count: int, ranks: dict[int, list[float]], singles: bool) -> KeyRange:
        """Return the range of all elements of a code; `singles` when they are float32."""
        magnitude = code & (NEGATIVE - 1)
        # a number may have been rounded to this code from just outside
        low = _key(_single(max((magnitude << 16) - 1, 0)))
        high = _key(_single(min((magnitude + 1) << 16, INFINITY << 16)))
        if code >= NEGATIVE:
            low, high = -high - 1, -low - 1
        return cls(code, low, high, count, ranks, _SINGLES if singles else 0)

    @property
    def shift(self) -> int:
        """Return how many low bits of a key, relative to `low`, the next pass ignores."""
        return max((self.high - self.low).bit_length() - _PASS_BITS, self.grid)


def _single(bits: int) -> float:
    """Return the float32 of these bits; the largest float64 for infinity."""
    number = float(struct.unpack("<f", struct.pack("<I", bits))[0])
    return number if math.isfinite(number) else sys.float_info.max


def _key(number: float) -> int:
    bits = int(struct.unpack("<q", struct.pack("<d", number))[0])
    return bits if bits >= 0 else bits ^ _LARGEST


def number_of(key: int) -> float:
    """Return the float64 that has this key."""
    bits = key if key >= 0 else key ^ _LARGEST
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])


def sort_keys(numbers: Tensor) -> Tensor:
    """Return the keys of float64 numbers, int64."""
    bits = numbers.contiguous().view(torch.int64)
    return bits ^ ((bits >> 63) & _LARGEST)


class Sieve:
    """One pass of one worker over pieces of finite numbers: the elements or counts in each of some key ranges."""

    def __init__(self, ranges: Sequence[KeyRange]) -> None:
        self._ranges = ranges
        self.gather = sum(range_.count for range_ in ranges) <= GATHERED
        self._wanted = torch.zeros(CODES, dtype=torch.bool, device="cpu")
        for range_ in ranges:
            self._wanted[range_.code] = True
        self.kept: list[list[Tensor]] = [[] for _ in ranges]
        self.counts = [
            torch.zeros(0 if self.gather else (1 << _PASS_BITS), dtype=torch.int64, device="cpu") for _ in ranges
        ]

    def take(self, numbers: Tensor, codes: Tensor) -> None:
        """Take in float64 numbers and their codes, both of one dimension."""
        chosen = self._wanted.index_select(0, codes)
        numbers, codes = numbers[chosen], codes[chosen]
        if not numbers.numel():
            return
        found = sort_keys(numbers)
        for range_, kept, counts in zip(self._ranges, self.kept, self.counts, strict=True):
            inside = found[(codes == range_.code) & (found >= range_.low) & (found <= range_.high)]
            if self.gather:
                kept.append(inside)
            elif inside.numel():
                counts += torch.bincount((inside - range_.low) >> range_.shift, minlength=counts.numel())

    @staticmethod
    def found(sieves: Sequence[Sieve]) -> tuple[dict[float, float], list[KeyRange]]:
        """Return the quantiles that are known after a pass of all workers, and the ranges that are left."""
        known: dict[float, float] = {}
        left: list[KeyRange] = []
        for index, range_ in enumerate(sieves[0]._ranges):
            if sieves[0].gather:
                ordered = torch.cat([piece for sieve in sieves for piece in sieve.kept[index]]).sort().values
                for rank, quantiles in range_.ranks.items():
                    known |= dict.fromkeys(quantiles, number_of(int(ordered[rank - 1])))
            else:
                counts = sum((sieve.counts[index] for sieve in sieves[1:]), sieves[0].counts[index])
                cut = _cut(range_, counts)
                if range_.shift > range_.grid:
                    left += cut
                else:  # each holds one number
                    for fresh in cut:
                        for quantiles in fresh.ranks.values():
                            known |= dict.fromkeys(quantiles, number_of(fresh.low))
        return known, left


def _cut(range_: KeyRange, counts: Tensor) -> list[KeyRange]:
    until = counts.cumsum(0)
    cut: dict[int, KeyRange] = {}
    for rank, quantiles in range_.ranks.items():
        bucket = int(torch.searchsorted(until, rank))
        before = int(until[bucket - 1]) if bucket else 0
        low = range_.low + (bucket << range_.shift)
        high = min(low + (1 << range_.shift) - 1, range_.high)
        fresh = cut.setdefault(bucket, KeyRange(range_.code, low, high, int(counts[bucket]), {}, range_.grid))
        fresh.ranks[rank - before] = quantiles
    return list(cut.values())
