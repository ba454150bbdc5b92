"""Finds the numbers at given places in ascending order, by going through a stream again and again.

All finite float64 have keys, whole numbers in the same order.  A part is a stretch of keys in which some of the places
are known to lie.  Each pass cuts every part to a 131,072th, or, where few elements are left in all parts together,
keeps these and sorts them.
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
"""Elements that are kept to be sorted."""
_STEP = 17
"""Bits by which a pass cuts a part."""
_SINGLES = 29
"""Bits of a float64's key that are the same in all float32 of one sign."""
_LARGEST = 2**63 - 1


@dataclass(slots=True)
class Part:
    """Elements of one code whose keys are from `low` to `high`."""

    code: int
    low: int
    high: int
    count: int
    """How many elements."""
    places: dict[int, list[float]]
    """Which of them in ascending order, from 1 on, and the quantiles that are there."""
    grid: int = 0
    """So many bits of all elements' keys are those of `low`."""

    @classmethod
    def of_code(cls, code: int, count: int, places: dict[int, list[float]], singles: bool) -> Part:
        """All elements of a code; `singles` when they are float32."""
        magnitude = code & (NEGATIVE - 1)
        # a number may have been rounded to this code from just outside
        low = _key(_single(max((magnitude << 16) - 1, 0)))
        high = _key(_single(min((magnitude + 1) << 16, INFINITY << 16)))
        if code >= NEGATIVE:
            low, high = -high - 1, -low - 1
        return cls(code, low, high, count, places, _SINGLES if singles else 0)

    @property
    def shift(self) -> int:
        """How many bits of a key, counted from the part's first, do not matter in the next pass."""
        return max((self.high - self.low).bit_length() - _STEP, self.grid)


def _single(bits: int) -> float:
    """A float32 by its bits; the largest float64 for infinity."""
    number = float(struct.unpack("<f", struct.pack("<I", bits))[0])
    return number if math.isfinite(number) else sys.float_info.max


def _key(number: float) -> int:
    bits = int(struct.unpack("<q", struct.pack("<d", number))[0])
    return bits if bits >= 0 else bits ^ _LARGEST


def number_of(key: int) -> float:
    """The number that has this key."""
    bits = key if key >= 0 else key ^ _LARGEST
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])


def keys(numbers: Tensor) -> Tensor:
    """Those of float64 numbers."""
    bits = numbers.contiguous().view(torch.int64)
    return bits ^ ((bits >> 63) & _LARGEST)


class Sieve:
    """One pass of one worker over pieces of finite numbers."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.gather = sum(part.count for part in parts) <= GATHERED
        self._wanted = torch.zeros(CODES, dtype=torch.bool)
        for part in parts:
            self._wanted[part.code] = True
        self.kept: list[list[Tensor]] = [[] for _ in parts]
        self.counts = [torch.zeros(0 if self.gather else (1 << _STEP), dtype=torch.int64) for _ in parts]

    def take(self, numbers: Tensor, codes: Tensor) -> None:
        """float64 numbers and their codes."""
        chosen = self._wanted.index_select(0, codes)
        numbers, codes = numbers[chosen], codes[chosen]
        if not numbers.numel():
            return
        found = keys(numbers)
        for part, kept, counts in zip(self._parts, self.kept, self.counts, strict=True):
            inside = found[(codes == part.code) & (found >= part.low) & (found <= part.high)]
            if self.gather:
                kept.append(inside)
            elif inside.numel():
                counts += torch.bincount((inside - part.low) >> part.shift, minlength=counts.numel())

    @staticmethod
    def found(sieves: Sequence[Sieve]) -> tuple[dict[float, float], list[Part]]:
        """What all workers found together: quantiles that are known now, and the parts that are left."""
        known: dict[float, float] = {}
        left: list[Part] = []
        for number, part in enumerate(sieves[0]._parts):
            if sieves[0].gather:
                ordered = torch.cat([piece for sieve in sieves for piece in sieve.kept[number]]).sort().values
                for place, quantiles in part.places.items():
                    known |= dict.fromkeys(quantiles, number_of(int(ordered[place - 1])))
            else:
                counts = sum((sieve.counts[number] for sieve in sieves[1:]), sieves[0].counts[number])
                cut = _cut(part, counts)
                if part.shift > part.grid:
                    left += cut
                else:  # each holds one number
                    for fresh in cut:
                        for quantiles in fresh.places.values():
                            known |= dict.fromkeys(quantiles, number_of(fresh.low))
        return known, left


def _cut(part: Part, counts: Tensor) -> list[Part]:
    until = counts.cumsum(0)
    cut: dict[int, Part] = {}
    for place, quantiles in part.places.items():
        bucket = int(torch.searchsorted(until, place))
        before = int(until[bucket - 1]) if bucket else 0
        low = part.low + (bucket << part.shift)
        high = min(low + (1 << part.shift) - 1, part.high)
        fresh = cut.setdefault(bucket, Part(part.code, low, high, int(counts[bucket]), {}, part.grid))
        fresh.places[place - before] = quantiles
    return list(cut.values())
