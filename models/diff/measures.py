"""Two pieces of tensors, element by element: sums, the largest difference, what is not finite, what is close.

Pieces are walked in parts that stay in the processor's cache.  All sums are float64, and where float64 itself could
overflow they carry a power of two beside them, so that 1e300 and 1e-300 are compared as well as 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .difference import Numbers, Tolerance

PART = 2**15
"""Elements at a time; two sides of them as float64 are 512 KB."""
_EASY = frozenset(
    {
        torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32,
        torch.uint16, torch.uint32,
    }
)  # fmt: skip
"""Types whose differences float64 holds exactly, or to its own digits, and whose squares it can sum."""
_WIDE = 2.0**62


@dataclass(slots=True)
class Sum:
    """A sum of numbers that may be too large or too small for float64: `value * 2**exponent`."""

    value: float = 0.0
    exponent: int = 0

    def add(self, value: float, exponent: int = 0) -> None:
        if not value:
            return
        if not self.value:
            self.value, self.exponent = value, exponent
        elif exponent <= self.exponent:
            self.value += math.ldexp(value, exponent - self.exponent)
        else:
            self.value = math.ldexp(self.value, self.exponent - exponent) + value
            self.exponent = exponent

    def root(self) -> tuple[float, int]:
        """Its square root, in the same form."""
        odd = self.exponent % 2
        return math.sqrt(math.ldexp(self.value, odd)), (self.exponent - odd) // 2


@dataclass(slots=True)
class Measures:
    """What is known of the elements seen so far; the sums are of those that are finite on both sides."""

    a: Sum = field(default_factory=Sum)
    """Squares of A."""
    b: Sum = field(default_factory=Sum)
    products: Sum = field(default_factory=Sum)
    apart: Sum = field(default_factory=Sum)
    """Squares of the differences."""
    largest: float = -1.0
    """The largest difference; below 0 as long as no element is finite on both sides."""
    differing: int = 0
    nonfinite: int = 0
    close: bool = True
    """Whether all are, as `torch.allclose` has it: a NaN never is.  Not looked at once it is known otherwise."""

    def merge(self, other: Measures) -> None:
        for mine, theirs in (
            (self.a, other.a), (self.b, other.b), (self.products, other.products), (self.apart, other.apart),
        ):  # fmt: skip
            mine.add(theirs.value, theirs.exponent)
        self.largest = max(self.largest, other.largest)
        self.differing += other.differing
        self.nonfinite += other.nonfinite
        self.close = self.close and other.close

    def numbers(self) -> Numbers:
        """What they come to."""
        a, b, apart = self.a.root(), self.b.root(), self.apart.root()
        relative = _ratio(apart, a) if a[0] else (None if self.largest else 0.0)
        cosine = None
        if a[0] and b[0]:
            product = (self.products.value / a[0] / b[0], self.products.exponent - a[1] - b[1])
            cosine = max(-1.0, min(1.0, _number(*product)))
        return Numbers(
            values="changed" if self.differing and not self.close else "close" if self.differing else "equal",
            max_abs=self.largest if self.largest >= 0 else None,
            relative_l2=relative, cosine=cosine, differing=self.differing, nonfinite=self.nonfinite,
        )  # fmt: skip


def _ratio(above: tuple[float, int], below: tuple[float, int]) -> float:
    return _number(above[0] / below[0], above[1] - below[1])


def _number(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(math.inf, value)


def measure(a: Tensor, b: Tensor, tolerance: Tolerance | None) -> Measures:
    """Compare two tensors of one dimension and the same length; `tolerance` None leaves out what is close."""
    total = Measures(close=tolerance is not None)
    a, b = _computable(a), _computable(b)
    if a.dtype != b.dtype and not (a.dtype in _EASY and b.dtype in _EASY):
        wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
        a, b = a.to(wide), b.to(wide)
    finite = a.dtype in _EASY and b.dtype in _EASY and _easily(a, b, total)
    if not finite:
        for start in range(0, a.numel(), PART):
            total.merge(_carefully(a[start : start + PART], b[start : start + PART]))
    if tolerance is not None and total.close and total.differing:
        total.close = _is_close(a, b, tolerance, finite)
    return total


def _computable(numbers: Tensor) -> Tensor:
    """Torch cannot compute with numbers of 8 bits and fewer; float32 holds them exactly."""
    return numbers.to(torch.float32) if numbers.is_floating_point() and numbers.itemsize == 1 else numbers


def _easily(a: Tensor, b: Tensor, total: Measures) -> bool:
    """Fill `total` where all elements are finite; False, and nothing filled, where one is not."""
    size = min(PART, a.numel())
    left, right = (torch.empty(size, dtype=torch.float64, device="cpu") for _ in "ab")
    table = torch.zeros((-(-a.numel() // PART), 7), dtype=torch.float64, device="cpu")
    for number, start in enumerate(range(0, a.numel(), PART)):
        mine, theirs = a[start : start + PART], b[start : start + PART]
        x, y = left[: mine.numel()].copy_(mine), right[: mine.numel()].copy_(theirs)
        row = table[number]
        torch.dot(x, x, out=row[0])
        torch.dot(y, y, out=row[1])
        torch.dot(x, y, out=row[2])
        x.sub_(y)
        torch.dot(x, x, out=row[3])
        torch.aminmax(x, out=(row[4], row[5]))
        row[6] = x.count_nonzero()
    sums: list[float] = table[:, :4].sum(0).tolist()
    if not all(map(math.isfinite, sums)):
        return False
    for into, value in zip((total.a, total.b, total.products, total.apart), sums, strict=True):
        into.add(value)
    low, high, differing = table[:, 4].min(), table[:, 5].max(), table[:, 6].sum()
    total.largest = max(-float(low), float(high))
    total.differing = int(differing)
    return True


def _carefully(a: Tensor, b: Tensor) -> Measures:
    """Compare a part of any type, with NaN and infinities in it, and of any size of numbers."""
    finite, lacking = a.isfinite() & b.isfinite(), a.isnan() | b.isnan()
    different = (a != b) & ~(a.isnan() & b.isnan())
    found = Measures(
        differing=int(different.sum()), nonfinite=int((different & ~finite).sum()), close=not lacking.any().item()
    )
    if not finite.all():
        a, b = a[finite], b[finite]
    if not a.numel():
        return found
    whole = not a.is_complex() and not a.is_floating_point()
    exact = _whole_differences(a, b).abs().max().item() if whole else None
    x, y = (_as_pairs(each) for each in (a, b))
    exponent = _exponent(max(x.abs().max().item(), y.abs().max().item()))
    x, y = (each * 2.0**-exponent for each in (x, y))
    apart = x - y
    for into, value in ((found.a, x.dot(x)), (found.b, y.dot(y)), (found.products, x.dot(y))):
        into.add(float(value), 2 * exponent)
    found.apart.add(float(apart.dot(apart)), 2 * exponent)
    if exact is not None:
        found.largest = float(exact)
    else:
        magnitudes = torch.view_as_complex(apart.view(-1, 2)).abs() if a.is_complex() else apart.abs()
        found.largest = _number(float(magnitudes.max()), exponent)
    return found


def _as_pairs(numbers: Tensor) -> Tensor:
    """As float64; of complex numbers both parts in turn."""
    if numbers.is_complex():
        return torch.view_as_real(numbers.to(torch.complex128).resolve_conj()).reshape(-1)
    return numbers.to(torch.float64)


def _exponent(largest: float) -> int:
    """The power of two that brings numbers of this size near 1, where their squares need it."""
    if 1e-100 < largest < 1e100 or not largest:
        return 0
    return max(-1000, min(1000, math.frexp(largest)[1]))


def _whole_differences(a: Tensor, b: Tensor) -> Tensor:
    """Of integers of 64 bits, to the unit where the difference is below 2^62."""
    rough = a.to(torch.float64) - b.to(torch.float64)
    wrapped = a.view(torch.int64) - b.view(torch.int64)
    return torch.where(rough.abs() < _WIDE, wrapped.to(torch.float64), rough)


def _is_close(a: Tensor, b: Tensor, tolerance: Tolerance, finite: bool) -> bool:
    """As `torch.allclose` answers for the whole; of different dtypes both as float64."""
    if a.dtype != b.dtype:
        a, b = a.to(torch.float64), b.to(torch.float64)
    parts = (slice(start, start + PART) for start in range(0, a.numel(), PART))
    if finite and a.is_floating_point():
        return _are_close(a, b, parts, tolerance)
    return all(bool(torch.isclose(a[part], b[part], rtol=tolerance.rtol, atol=tolerance.atol).all()) for part in parts)


def _are_close(a: Tensor, b: Tensor, parts: Iterable[slice], tolerance: Tolerance) -> bool:
    """What `torch.isclose` computes for finite floating-point numbers, in memory used again: twice as fast."""
    allowed, actual = (torch.empty(min(PART, a.numel()), dtype=a.dtype, device="cpu") for _ in "ab")
    for part in parts:
        x, y = a[part], b[part]
        most, apart = allowed[: x.numel()], actual[: x.numel()]
        torch.mul(y, tolerance.rtol, out=most).abs_().add_(tolerance.atol)
        torch.sub(x, y, out=apart).abs_()
        if not bool((apart <= most).all()) or not math.isfinite(apart.max().item()):
            return False
    return True
