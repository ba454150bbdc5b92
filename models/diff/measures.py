"""Measures of two pieces of tensors, element by element: sums, the largest difference, NaN, closeness.

Pieces are read in parts that stay in the processor's cache.  All sums are float64 with a power of two beside them where
float64 could overflow, so that 1e300 and 1e-300 are compared as well as 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .difference import ElementComparison, Tolerance
from .largest import largest_at, whole_differences
from .sums import Squares, Sum, scaled

PART = 2**15
"""Elements of a part; two sides of it as float64 are 512 KB."""
_EASY = frozenset(
    {
        torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32,
        torch.uint16, torch.uint32,
    }
)  # fmt: skip
"""Dtypes whose differences float64 holds exactly or to its own precision, and whose squares it can sum."""


@dataclass(slots=True)
class Measures:
    """The measures of the elements so far; the sums are of those that are finite on both sides."""

    a: Sum = field(default_factory=Sum)
    """The sum of the squares of A."""
    b: Sum = field(default_factory=Sum)
    """The sum of the squares of B."""
    products: Sum = field(default_factory=Sum)
    """The sum of the products of A and B."""
    apart: Sum = field(default_factory=Sum)
    """The sum of the squares of the differences."""
    largest: float = -1.0
    """The largest absolute difference; below 0 as long as no element is finite on both sides."""
    differing: int = 0
    """How many elements are not equal."""
    nonfinite: int = 0
    """How many of these are NaN or infinite on either side."""
    close: bool = True
    """Whether all elements are close, as in `torch.allclose`: a NaN never is.  Not computed further once False."""
    largest_in: tuple[int, Tensor | None, Tensor | None] | None = None
    """The part with the largest change: its position, and its elements of A and of B; None where nothing differs.

    Without elements the position is that of the change itself.
    """

    def merge(self, other: Measures) -> None:
        """Take in the measures of other elements, which come later."""
        if other._rank > self._rank:
            self.largest_in = other.largest_in
        for mine, theirs in (
            (self.a, other.a), (self.b, other.b), (self.products, other.products), (self.apart, other.apart),
        ):  # fmt: skip
            mine.add(theirs.value, theirs.exponent)
        self.largest = max(self.largest, other.largest)
        self.differing += other.differing
        self.nonfinite += other.nonfinite
        self.close = self.close and other.close

    @property
    def _rank(self) -> tuple[bool, bool, float]:
        """Return how large the largest change is: NaN against a number is larger than any number."""
        return bool(self.nonfinite), bool(self.differing), 0.0 if self.nonfinite else self.largest

    def largest_at(self) -> int | None:
        """Return the position of the largest change, the first of several; None where nothing differs."""
        if self.largest_in is None or not self.differing:
            return None
        first, a, b = self.largest_in
        return first if a is None or b is None else first + largest_at(a, b)

    def comparison(self) -> ElementComparison:
        """Return the comparison that the measures amount to."""
        a, b, squares = self.a.root(), self.b.root(), Squares(self.a, self.apart)
        relative = squares.relative_l2() if a[0] else (None if self.largest else 0.0)
        cosine = None
        if a[0] and b[0]:
            product = (self.products.value / a[0] / b[0], self.products.exponent - a[1] - b[1])
            cosine = max(-1.0, min(1.0, scaled(*product)))
        return ElementComparison(
            values="changed" if self.differing and not self.close else "close" if self.differing else "equal",
            max_abs=self.largest if self.largest >= 0 else None,
            relative_l2=relative, cosine=cosine, differing=self.differing, nonfinite=self.nonfinite,
            squares=squares,
        )  # fmt: skip


def measure_pair(a: Tensor, b: Tensor, tolerance: Tolerance | None, first: int = 0) -> Measures:
    """Return the measures of two one-dimensional CPU tensors of one length; `tolerance` None skips `close`.

    `first` is the position of their first element in the whole.
    """
    total = Measures(close=tolerance is not None)
    a, b = _computable(a), _computable(b)
    if a.dtype != b.dtype and not (a.dtype in _EASY and b.dtype in _EASY):
        wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
        a, b = a.to(wide), b.to(wide)
    finite = a.dtype in _EASY and b.dtype in _EASY and _easily(a, b, total, first)
    if not finite:
        if a.dtype != b.dtype:  # float64 holds both exactly; torch would compare them in the smaller of their types
            a, b = a.to(torch.float64), b.to(torch.float64)
        for start in range(0, a.numel(), PART):
            total.merge(_carefully(a[start : start + PART], b[start : start + PART], first + start))
    if tolerance is not None and total.close and total.differing:
        total.close = _is_close(a, b, tolerance, finite)
    return total


def _computable(numbers: Tensor) -> Tensor:
    """Return 8-bit floats as float32, which holds them exactly: torch cannot compute with them."""
    return numbers.to(torch.float32) if numbers.is_floating_point() and numbers.itemsize == 1 else numbers


def _easily(a: Tensor, b: Tensor, total: Measures, first: int) -> bool:
    """Fill `total` where all elements are finite; False, and nothing filled, where one is not."""
    size = min(PART, a.numel())
    left, right = (torch.empty(size, dtype=torch.float64, device="cpu") for _ in "ab")
    table = torch.zeros((-(-a.numel() // PART), 7), dtype=torch.float64, device="cpu")
    for index, start in enumerate(range(0, a.numel(), PART)):
        mine, theirs = a[start : start + PART], b[start : start + PART]
        x, y = left[: mine.numel()].copy_(mine), right[: mine.numel()].copy_(theirs)
        row = table[index]
        torch.dot(x, x, out=row[0])
        torch.dot(y, y, out=row[1])
        torch.dot(x, y, out=row[2])
        x.sub_(y)
        torch.dot(x, x, out=row[3])
        torch.aminmax(x, out=(row[4], row[5]))
        row[6] = x.count_nonzero()
    rows: list[list[float]] = table.tolist()  # few: Python is faster than torch here
    sums = [sum(row[column] for row in rows) for column in range(4)]
    if not all(map(math.isfinite, sums)):
        return False
    for into, value in zip((total.a, total.b, total.products, total.apart), sums, strict=True):
        into.add(value)
    peaks = [max(row[5], -row[4]) for row in rows]
    total.largest = max(peaks)
    total.differing = int(sum(row[6] for row in rows))
    if total.differing and len(peaks) == 1:
        total.largest_in = (first + int(x.abs_().argmax()), None, None)
    elif total.differing:
        start = peaks.index(total.largest) * PART
        total.largest_in = (first + start, a[start : start + PART], b[start : start + PART])
    return True


def _carefully(a: Tensor, b: Tensor, first: int) -> Measures:
    """Return the measures of a part of any dtype, with NaN and infinities, and of any magnitude."""
    finite, lacking = a.isfinite() & b.isfinite(), a.isnan() | b.isnan()
    different = (a != b) & ~(a.isnan() & b.isnan())
    found = Measures(
        differing=int(different.sum()), nonfinite=int((different & ~finite).sum()), close=not lacking.any().item()
    )
    if found.differing:
        found.largest_in = (first, a, b)
    if not finite.all():
        a, b = a[finite], b[finite]
    if not a.numel():
        return found
    whole = not a.is_complex() and not a.is_floating_point()
    exact = whole_differences(a, b).abs().max().item() if whole else None
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
        found.largest = scaled(float(magnitudes.max()), exponent)
    return found


def _as_pairs(numbers: Tensor) -> Tensor:
    """Return numbers as float64, of complex numbers both parts in turn."""
    if numbers.is_complex():
        return torch.view_as_real(numbers.to(torch.complex128).resolve_conj()).reshape(-1)
    return numbers.to(torch.float64)


def _exponent(largest: float) -> int:
    """Return the exponent of 2 that scales numbers of this magnitude near 1; 0 where their squares do not need it."""
    if 1e-100 < largest < 1e100 or not largest:
        return 0
    return max(-1000, min(1000, math.frexp(largest)[1]))


def _is_close(a: Tensor, b: Tensor, tolerance: Tolerance, finite: bool) -> bool:
    """Return the result of `torch.allclose`; different dtypes are compared as float64."""
    if a.dtype != b.dtype:
        a, b = a.to(torch.float64), b.to(torch.float64)
    parts = (slice(start, start + PART) for start in range(0, a.numel(), PART))
    if finite and a.is_floating_point():
        return _are_close(a, b, parts, tolerance)
    return all(bool(torch.isclose(a[part], b[part], rtol=tolerance.rtol, atol=tolerance.atol).all()) for part in parts)


def _are_close(a: Tensor, b: Tensor, parts: Iterable[slice], tolerance: Tolerance) -> bool:
    """Return whether `torch.isclose` holds for finite floats, in memory that is used again: twice as fast."""
    allowed, actual = (torch.empty(min(PART, a.numel()), dtype=a.dtype, device="cpu") for _ in "ab")
    for part in parts:
        x, y = a[part], b[part]
        bound, apart = allowed[: x.numel()], actual[: x.numel()]
        torch.mul(y, tolerance.rtol, out=bound).abs_().add_(tolerance.atol)
        torch.sub(x, y, out=apart).abs_()
        if not bool((apart <= bound).all()) or not math.isfinite(apart.max().item()):
            return False
    return True
