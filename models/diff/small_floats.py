"""Measures of many small tensors of one size and dtype at once, as the rows of a matrix.

The sums of a row are those that `measures` has of a tensor by itself but for rounding: both add float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..tensors.seeking import index_at
from .difference import ElementComparison, Tolerance
from .sums import Squares, Sum

PART = 2**14
"""Elements that are measured at a time, whole rows: as float64 they stay in the cache."""
_FLOATS = frozenset({torch.float32, torch.float16, torch.bfloat16})
"""Dtypes of which float64 holds every difference and every square."""
_WHOLE = frozenset(
    {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32}
)
"""Dtypes of which float64 holds every square, or so well that only rounding is lost."""


class Measured(NamedTuple):
    """What is known of some rows."""

    squares: list[float]
    """Of each row the sum of the squares of A; NaN or infinite where a number is."""
    differing: dict[int, ElementComparison | None]
    """Of the rows whose bytes differ, the comparison.

    None where a number is not finite or the dtype is none of floats: these are to be measured with more care.
    """


def can_be_rows(name: str) -> bool:
    """Return whether the squares of the dtype of this name in torch can be added here."""
    dtype = getattr(torch, name, None)
    return dtype in _FLOATS or dtype in _WHOLE


def rows_of(numbers: Tensor, starts: Sequence[int], size: int) -> Tensor:
    """Return the rows of `size` numbers that begin at `starts`; a view where they are equally far apart."""
    step = starts[1] - starts[0] if len(starts) > 1 else size
    if step > 0 and all(after - before == step for before, after in pairwise(starts)):
        return numbers.as_strided((len(starts), size), (step, 1), starts[0])
    return torch.stack([numbers[start : start + size] for start in starts])


def measure_rows(a: Tensor, b: Tensor, shapes: Sequence[tuple[int, ...]], tolerance: Tolerance) -> Measured:
    """Return what the rows of two matrices of one shape and dtype differ by; the dtype is one that `can_be_rows`.

    `shapes` are those of the tensors that the rows are.
    """
    squares: list[float] = []
    found: dict[int, ElementComparison | None] = {}
    size = a.shape[1]
    step = max(PART // size, 1)
    for first in range(0, len(a), step):
        x, y = a[first : first + step], b[first : first + step]
        wide = x.to(torch.float64)
        sums = _dots(wide, wide)
        squares += sums.tolist()
        rows = _differing(x, y)
        if not len(rows):
            continue
        if a.dtype not in _FLOATS:
            found.update(dict.fromkeys((rows + first).tolist()))
            continue
        if len(rows) < len(x):
            x, y, wide, sums = x[rows], y[rows], wide[rows], sums[rows]
        places = (rows + first).tolist()
        columns = _columns(x, y, wide, sums, tolerance)
        found.update((place, _comparison(shapes[place], *row)) for place, row in zip(places, columns, strict=True))
    return Measured(squares, found)


def squares_of_rows(a: Tensor) -> list[float]:
    """Return of each row the sum of its squares; NaN or infinite where a number is."""
    squares: list[float] = []
    step = max(PART // a.shape[1], 1)
    for first in range(0, len(a), step):
        wide = a[first : first + step].to(torch.float64)
        squares += _dots(wide, wide).tolist()
    return squares


def _differing(x: Tensor, y: Tensor) -> Tensor:
    """Return the rows whose bytes differ."""
    whole = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[x.dtype.itemsize]
    return (x.view(whole) != y.view(whole)).any(1).nonzero().view(-1)


def _dots(x: Tensor, y: Tensor) -> Tensor:
    return torch.mul(x, y).sum(1)


def _columns(x: Tensor, y: Tensor, a: Tensor, sums: Tensor, tolerance: Tolerance) -> Iterable[Any]:
    """Return what `_comparison` takes of each row; `a` are those of A as float64, and `sums` their squares added up."""
    b = y.to(torch.float64)
    apart = torch.sub(a, b).abs_()
    squares = _dots(apart, apart)
    others, products = _dots(b, b), _dots(a, b)
    largest, place = apart.max(1)  # the first of several
    differing = (apart != 0).sum(1)
    bound = torch.mul(y, tolerance.rtol).abs_().add_(tolerance.atol).sub_(torch.sub(x, y).abs_())
    close = bound.amin(1) >= 0
    roots = sums.sqrt(), others.sqrt()
    cosine = (products / roots[0] / roots[1]).clamp_(-1.0, 1.0)
    columns = (sums, others, squares, squares.sqrt() / roots[0], cosine, largest, place, differing, close)
    return zip(*(column.tolist() for column in columns), strict=True)


def _comparison(
    shape: tuple[int, ...], a: float, b: float, squares: float, relative: float, cosine: float, largest: float,
    place: int, differing: int, close: bool,
) -> ElementComparison | None:  # fmt: skip
    if not math.isfinite(a + b + squares):
        return None
    if not differing:
        return same_with(a)
    return ElementComparison(
        values="close" if close else "changed",
        max_abs=largest,
        relative_l2=relative if a else None,
        cosine=cosine if a and b else None,
        differing=differing,
        index=tuple(index_at(shape, place)),
        squares=Squares(Sum(a), Sum(squares)),
    )


def same_with(squares: float) -> ElementComparison:
    """Return the comparison of equal tensors with the sum of their squares."""
    return ElementComparison(
        values="equal", max_abs=0.0, relative_l2=0.0, cosine=1.0, squares=Squares(Sum(squares), Sum())
    )
