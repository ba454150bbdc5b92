"""Measures of two pieces of tensors, element by element: sums, the largest difference, NaN, closeness.

Pieces are read in parts that stay in the processor's cache.  All sums have a power of two beside them where float64
could overflow, so that 1e300 and 1e-300 are compared as well as 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .difference import ElementComparison, Tolerance
from .floats import are_close
from .largest import largest_at, whole_differences
from .scratch import room
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
    place: int | None = None
    """The position of the largest change, the first of several; None where nothing differs."""

    def merge(self, other: Measures) -> None:
        """Take in the measures of other elements, which come later."""
        if other._rank > self._rank:
            self.place = other.place
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
    if a.dtype != b.dtype and not {a.dtype, b.dtype} <= _EASY:
        wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
        a, b = a.to(wide), b.to(wide)
    for start in range(0, a.numel(), PART):
        part = slice(start, start + PART)
        total.merge(_part(a[part], b[part], tolerance if total.close else None, first + start, total))
    return total


def measure_alike(numbers: Tensor) -> Measures:
    """Return the measures of a one-dimensional CPU tensor against itself."""
    total = Measures()
    numbers = _computable(numbers)
    for start in range(0, numbers.numel(), PART):
        total.merge(_alike(numbers[start : start + PART]))
    return total


def squares(numbers: Tensor) -> Sum:
    """Return the sum of the squares of the finite elements of a one-dimensional CPU tensor."""
    if numbers.dtype in _EASY and numbers.numel() <= PART:
        wide = numbers.to(torch.float64)
        found = float(wide.dot(wide))
        if math.isfinite(found):
            return Sum(found)
    return measure_alike(numbers).a


def _alike(part: Tensor) -> Measures:
    if part.dtype in _EASY:
        numbers = room("left", part.numel(), torch.float64).copy_(part)
        found = float(numbers.dot(numbers))
        if math.isfinite(found):
            return Measures(Sum(found), Sum(found), Sum(found), Sum(), 0.0)
    return _carefully(part, part, 0)


def _part(x: Tensor, y: Tensor, tolerance: Tolerance | None, first: int, before: Measures) -> Measures:
    """Return the measures of a part; its place is only given where its change is larger than those `before`."""
    found = _easily(x, y, first, before) if {x.dtype, y.dtype} <= _EASY else None
    finite = found is not None
    if found is None:
        wide = (x, y) if x.dtype == y.dtype else (x.to(torch.float64), y.to(torch.float64))
        found = _carefully(*wide, first)  # float64 holds both exactly; torch would compare them in the smaller type
    if tolerance is not None and found.close and found.differing:
        found.close = is_close(x, y, tolerance, finite)
    return found


def _computable(numbers: Tensor) -> Tensor:
    """Return 8-bit floats as float32, which holds them exactly: torch cannot compute with them."""
    return numbers.to(torch.float32) if numbers.is_floating_point() and numbers.itemsize == 1 else numbers


def _easily(x: Tensor, y: Tensor, first: int, before: Measures) -> Measures | None:
    """Return the measures of a part as float64; None where an element is not finite."""
    left, right = room("left", x.numel(), torch.float64).copy_(x), room("right", x.numel(), torch.float64).copy_(y)
    a, b, products = (float(x.dot(y)) for x, y in ((left, left), (right, right), (left, right)))
    left.sub_(right).abs_()
    apart = float(left.dot(left))
    if not all(map(math.isfinite, (a, b, products, apart))):
        return None
    peak = left.amax()
    largest = peak.item()
    differing = int(left.count_nonzero()) if largest else 0
    place = None
    if differing and (largest > before.largest or not before.differing):
        place = first + int((left == peak).nonzero()[0])
    return Measures(Sum(a), Sum(b), Sum(products), Sum(apart), largest, differing, place=place)


def _carefully(a: Tensor, b: Tensor, first: int) -> Measures:
    """Return the measures of a part of any dtype, with NaN and infinities, and of any magnitude."""
    finite, lacking = a.isfinite() & b.isfinite(), a.isnan() | b.isnan()
    different = (a != b) & ~(a.isnan() & b.isnan())
    found = Measures(
        differing=int(different.sum()), nonfinite=int((different & ~finite).sum()), close=not lacking.any().item()
    )
    if found.differing:
        found.place = first + largest_at(a, b)
    if not finite.all():
        a, b = a[finite], b[finite]
    if not a.numel():
        return found
    whole = not a.is_complex() and not a.is_floating_point()
    exact = whole_differences(a, b).abs().max().item() if whole else None
    x, y = (_as_pairs(each) for each in (a, b))
    apart, halved = x - y, 0
    if not apart.isfinite().all():
        apart, halved = x / 2 - y / 2, 1
    # Each has a scale of its own: beside 1e300 on one side, what the other has would vanish.
    (x, of_x), (y, of_y), (apart, of_apart) = map(_near_one, (x, y, apart))
    of_apart += halved
    found.a.add(float(x.dot(x)), 2 * of_x)
    found.b.add(float(y.dot(y)), 2 * of_y)
    found.products.add(float(x.dot(y)), of_x + of_y)
    found.apart.add(float(apart.dot(apart)), 2 * of_apart)
    if exact is not None:
        found.largest = float(exact)
    else:
        magnitudes = torch.view_as_complex(apart.view(-1, 2)).abs() if a.is_complex() else apart.abs()
        found.largest = scaled(float(magnitudes.max()), of_apart)
    return found


def _near_one(numbers: Tensor) -> tuple[Tensor, int]:
    """Return numbers that are scaled by a power of two, and its exponent; themselves where no square needs it."""
    exponent = _exponent(numbers.abs().max().item())
    return (numbers * 2.0**-exponent, exponent) if exponent else (numbers, 0)


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


def is_close(a: Tensor, b: Tensor, tolerance: Tolerance, finite: bool = True) -> bool:
    """Return whether two pieces are close, as `torch.allclose` has it; different dtypes are compared as float64.

    Floats that are all `finite` are compared in memory that is used again.
    """
    if a.dtype != b.dtype:
        a, b = a.to(torch.float64), b.to(torch.float64)
    if not finite or not a.is_floating_point():
        return bool(torch.isclose(a, b, rtol=tolerance.rtol, atol=tolerance.atol).all())
    apart = room("close", a.numel(), a.dtype)
    return are_close(b, torch.sub(a, b, out=apart).abs_(), tolerance)
