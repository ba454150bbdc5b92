"""Sums over parts of two tensors by the kernels of the extra `[fast]`, where that is there, in fewer passes.

Differences are taken as float32, and squares are added in float64.
"""

from __future__ import annotations

import math
import struct
from types import ModuleType

import torch
from torch import Tensor

from ..tensors.statistics.fast import kernels
from ..work.cores import usable_cores
from .difference import Tolerance
from .floats import ROW, SPANS, FloatSums
from .scratch import room

CORES = 2
"""Processor cores up to which the kernels are used: they hold Python's lock, and threads wait for each other."""


def sums_of(a: torch.dtype, b: torch.dtype, elements: int, tolerance: Tolerance | None, beat: float) -> FloatSums:
    """Return what takes in parts of two tensors of floats; the arguments are those of `FloatSums`.

    The `largest_spans` are only asked for where the largest difference `may_be_larger` than `beat`.
    """
    package = kernels()
    if package is None or torch.float64 in (a, b) or usable_cores() > CORES:
        return FloatSums(a, b, elements, tolerance)
    return KernelSums(package, a, b, tolerance, beat)


class KernelSums(FloatSums):
    """As `FloatSums`, for floats of 2 and 4 bytes; every number is there at once."""

    def __init__(
        self, package: ModuleType, a: torch.dtype, b: torch.dtype, tolerance: Tolerance | None, beat: float
    ) -> None:
        super().__init__(a, b, 0, tolerance)
        self._package = package
        self._squares = dict.fromkeys(("alike", "a", "b", "apart"), 0.0)
        self._beat = -1 if beat < 0 else _bits_of(beat)
        self._highest = -1
        """The bits of the largest difference."""
        self._spans: list[tuple[int, int]] = []
        """Rows that have it, the first ones."""

    def add_alike(self, part: Tensor) -> None:
        """Take in elements that are equal on both sides."""
        numbers = self._as(part, "left")
        squares = self._sum_of_squares(numbers)
        self._squares["alike"] += squares
        if not self._found:
            self._look_at_alike(numbers, squares)

    def _add_sums(self, x: Tensor, y: Tensor, apart: Tensor, first: int) -> None:
        count = x.numel()
        for name, numbers in (("a", x), ("b", y), ("apart", apart)):
            self._squares[name] += self._sum_of_squares(numbers)
        # Of numbers that are not negative the bits are in the numbers' order, and those of 0 are 0.
        bits = self._package.from_pointer(apart.data_ptr(), (count,), "uint32")
        lowest, _, highest, _ = self._package.minmax(bits)
        self._find_rows(apart, int(highest), first)
        self.differing += count - (self._zeros_of(bits, count) if not lowest else 0)
        self._rows += 1

    def largest_spans(self) -> list[tuple[int, int]]:
        """Return rows of elements that have the largest difference, the first ones; ask after `finish`."""
        return self._spans

    def _find_rows(self, apart: Tensor, highest: int, first: int) -> None:
        """Keep the rows of a part that have the largest difference so far, of which `highest` is the bits."""
        if highest > self._highest:
            self._highest, self._spans = highest, []
        elif highest < self._highest:
            return
        if highest > self._beat and len(self._spans) < SPANS:
            peaks = torch.amax(apart.view(-1, ROW), 1, out=room("peaks", len(apart) // ROW, torch.float32))
            rows = (peaks == peaks.amax()).nonzero().view(-1)[: SPANS - len(self._spans)].tolist()
            self._spans += [(first + row * ROW, first + (row + 1) * ROW) for row in rows]

    def _peak(self) -> float:
        return float(struct.unpack("=f", struct.pack("=i", self._highest))[0])

    def _total(self, name: str, count: int) -> float:
        return self._squares[name]

    def _sum_of_squares(self, numbers: Tensor) -> float:
        """Return the sum; infinity where an element is NaN or infinite, too."""
        array = self._package.from_pointer(numbers.data_ptr(), (numbers.numel(),), "float32")
        found = float(self._package.moments(array)[1])
        return found if math.isfinite(found) else math.inf

    def _zeros_of(self, bits: object, count: int) -> int:
        zeros = room("zeros", count, torch.int32).zero_()
        alike = self._package.from_pointer(zeros.data_ptr(), (count,), "uint32")
        return round(count * (1 - float(self._package.jaccard(bits, alike))))


def _bits_of(number: float) -> int:
    """Return the bits of a number as float32; infinity's where it is too large."""
    return int(torch.tensor(number, dtype=torch.float32, device="cpu").view(torch.int32))
