"""The summariser of the extra `[fast]`: the kernels of NumKong, where that package is there.

float32 is added in float64.  bfloat16 and float16 are added in many float32, some ten thousand at a time.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import cache
from types import ModuleType

import torch
from torch import Tensor

from .summaries import ADDED, SPREAD, PieceSummary, Summarise, spread_of

_NAMES = {
    torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16", torch.int8: "int8",
    torch.uint8: "uint8",
}  # fmt: skip
"""What NumKong calls a dtype."""
_SPREAD_OF_HALVES = 1.5
"""As `SPREAD`, of dtypes whose squares are added in float32."""


def summariser(dtype: torch.dtype) -> Callable[[], Summarise] | None:
    """Return what makes a summariser of a dtype, for one worker; None without the package, and for other dtypes."""
    package = kernels()
    if package is None or dtype not in _NAMES:
        return None
    kind = _Floats if dtype.is_floating_point else _Bytes
    return lambda: kind(package, dtype)


@cache
def kernels() -> ModuleType | None:
    """Return the package, where it is there with all that is used of it; None where not."""
    try:
        import numkong
    except Exception:  # not installed, or built for another machine
        return None
    wanted = ("from_pointer", "moments", "minmax", "hamming", "jaccard")
    return numkong if all(hasattr(numkong, each) for each in wanted) else None


class _Bytes:
    """The summariser of int8 and uint8, whose sums are exact."""

    def __init__(self, package: ModuleType, dtype: torch.dtype) -> None:
        self._package, self._name = package, _NAMES[dtype]
        self._zeros = torch.empty(0, dtype=torch.uint8, device="cpu")

    def __call__(self, piece: Tensor) -> PieceSummary | None:
        """Return the summary of a piece; None where it has too few digits in common."""
        n, make = piece.numel(), self._package.from_pointer
        numbers = make(piece.data_ptr(), (n,), self._name)
        total, squares = map(float, self._package.moments(numbers))
        low, high = (int(each.item()) for each in torch.aminmax(piece))
        if low == high:
            return PieceSummary(n, low, 0.0, low, high, 0 if low else n)
        spread = spread_of(n, total, squares)
        if spread is None:
            return None
        return PieceSummary(n, *spread, low, high, self._count_zeros(piece) if low <= 0 <= high else 0)

    def _count_zeros(self, piece: Tensor) -> int:
        n, make = piece.numel(), self._package.from_pointer
        if len(self._zeros) < n:
            self._zeros = torch.zeros(n, dtype=torch.uint8, device="cpu")
        pieces = (make(each.data_ptr(), (n,), "uint8") for each in (piece, self._zeros))
        return n - round(float(self._package.hamming(*pieces)))


class _Floats:
    """The summariser of a float dtype of 2 or 4 bytes.

    Their bits are compared, as signed and as unsigned whole numbers: that tells the extremes, and whether there is a 0
    or a -0 at all, in less time than it takes to count these.
    """

    def __init__(self, package: ModuleType, dtype: torch.dtype) -> None:
        self._package, self._dtype, self._name = package, dtype, _NAMES[dtype]
        bits = 8 * dtype.itemsize
        self._signed: torch.dtype = getattr(torch, f"int{bits}")
        self._unsigned, self._minus = f"uint{bits}", 1 << (bits - 1)
        self._spread = _SPREAD_OF_HALVES if bits == 16 else SPREAD
        self._alike: dict[int, Tensor] = {}
        """Pieces of 0 and of -0, by their bits."""

    def __call__(self, piece: Tensor) -> PieceSummary | None:
        """Return the summary of a piece; None where it is not finite or has too few digits in common."""
        make, address, shape = self._package.from_pointer, piece.data_ptr(), (piece.numel(),)
        total, squares = self._sums(piece)
        if not math.isfinite(total):
            return None
        unsigned = make(address, shape, self._unsigned)
        ends = self._package.minmax(unsigned)
        if ends is None:
            return None
        n = piece.numel()
        first, last = (int(each.item()) for each in torch.aminmax(piece.view(self._signed)))
        low = self._number(int(ends[2]) if first < 0 else first)
        high = self._number(last if last >= 0 else first + 2 * self._minus)
        if low == high:
            return PieceSummary(n, low, 0.0, low, high, 0 if low else n)
        spread = spread_of(n, total, squares, self._spread)
        if spread is None:
            return None
        zeros = self._count(unsigned, n, 0) if ends[0] == 0 else 0
        if first == -self._minus:
            zeros += self._count(unsigned, n, self._minus)
        return PieceSummary(n, *spread, low, high, zeros)

    def _sums(self, piece: Tensor) -> tuple[float, float]:
        """Return the sum, and that of the squares."""
        make, moments, name, size = self._package.from_pointer, self._package.moments, self._name, self._dtype.itemsize
        n, address = piece.numel(), piece.data_ptr()
        total = squares = 0.0
        for start in range(0, n, ADDED):
            count = ADDED if start + ADDED <= n else n - start
            added, squared = moments(make(address + start * size, (count,), name))
            total += added
            squares += squared
        return float(total), float(squares)

    def _number(self, bits: int) -> float:
        """Return the number of these bits."""
        if self._dtype == torch.float16:
            return float(struct.unpack("<e", struct.pack("<H", bits))[0])
        wide = bits << 16 if self._dtype == torch.bfloat16 else bits
        return float(struct.unpack("<f", struct.pack("<I", wide))[0])

    def _count(self, unsigned: object, n: int, bits: int) -> int:
        """Return how many of `n` elements have these bits, which are those of 0 or -0."""
        alike = self._alike.get(bits)
        if alike is None or len(alike) < n:
            alike = self._alike[bits] = torch.full((n,), -0.0 if bits else 0.0, dtype=self._dtype, device="cpu")
        same = self._package.from_pointer(alike.data_ptr(), (n,), self._unsigned)
        return round(n * (1 - float(self._package.jaccard(unsigned, same))))
