"""Small tensors that lie near each other in both files: many are read at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from ..stored.dense import Dense
from ..stored.file import DataFile
from ..tensors.readable import Unreadable
from ..tensors.seeking import index_at
from .difference import SAME, Difference, ElementComparison, Tolerance
from .pieces import ROOM, BytesOfBoth
from .sums import Squares, Sum
from .tensors import Comparable

if TYPE_CHECKING:
    from torch import Tensor

    from ..stored.dtypes import DType

SMALL = 2**16
"""Bytes of a tensor up to which it is read together with others."""
_LEAST = 4
"""Tensors that are read at once, at least."""
TensorPair = tuple[Comparable | None, Comparable | None]
"""A tensor of A and the one of B; None on the side that has none."""


class Neighbours(NamedTuple):
    """Pairs that are read at once."""

    pairs: list[tuple[Comparable, Comparable]]
    tensors: list[Dense]
    """Those of A."""
    begins: list[tuple[int, int]]
    """Of each pair the bytes from the start of what is read to each tensor."""
    places: tuple[tuple[DataFile, int, int], tuple[DataFile, int, int]]
    """What is read of each side: the file, the first byte, and how many bytes."""


def neighbours(pairs: Sequence[TensorPair], start: int) -> Neighbours | None:
    """Return the pairs from `start` on that are read at once; None where these are too few to matter."""
    found: list[tuple[Comparable, Comparable]] = []
    tensors: list[Dense] = []
    offsets: list[tuple[int, int]] = []
    files: tuple[DataFile, DataFile] | None = None
    low_a = low_b = high_a = high_b = 0
    for at in range(start, len(pairs)):
        a, b = pairs[at]
        if a is None or b is None:
            break
        mine, theirs = a.readable, b.readable
        if type(mine) is not Dense or type(theirs) is not Dense:
            break
        size, begin, other = mine.nbytes, mine.offset, theirs.offset
        if mine.dtype is not theirs.dtype or mine.dtype.decode is None or mine.shape != theirs.shape:
            break
        if not 0 < size <= SMALL:
            break
        if files is None:
            files = mine.file, theirs.file
            low_a, low_b = high_a, high_b = begin, other
        elif mine.file is not files[0] or theirs.file is not files[1]:
            break
        lower_a, lower_b = min(low_a, begin), min(low_b, other)
        higher_a, higher_b = max(high_a, begin + size), max(high_b, other + size)
        if higher_a - lower_a > ROOM or higher_b - lower_b > ROOM:
            break
        low_a, low_b, high_a, high_b = lower_a, lower_b, higher_a, higher_b
        found.append((a, b))
        tensors.append(mine)
        offsets.append((begin, other))
    if files is None or len(found) < _LEAST:
        return None
    begins = [(mine - low_a, theirs - low_b) for mine, theirs in offsets]
    places = (files[0], low_a, high_a - low_a), (files[1], low_b, high_b - low_b)
    return Neighbours(found, tensors, begins, places)


def compare_neighbours(many: Neighbours, tolerance: Tolerance, squares: bool) -> list[Difference] | None:
    """Return the differences of `neighbours`; None where they cannot be read.

    With `squares` the sums of equal tensors are taken too.  Torch is imported where one differs, or for these sums.
    """
    both = BytesOfBoth()
    try:
        for (file, offset, size), room in zip(many.places, both.rooms, strict=True):
            file.read_into(offset, room[:size])
    except Unreadable:
        return None  # each says why by itself
    alike = _all_alike(many, both)
    if alike and not squares:
        return [Difference(a.path, "equal", a.side, b.side, SAME) for a, b in many.pairs]
    from ..work.one_thread import one_thread

    found: dict[int, ElementComparison | None] = {}
    with one_thread():
        for places in _of_one_form(many).values():
            found.update(_measure(many, both, places, alike, tolerance))
        return [
            Difference(a.path, numbers.values, a.side, b.side, numbers)
            if (numbers := found.get(place)) is not None
            else _alone(many, both, place, tolerance)
            for place, (a, b) in enumerate(many.pairs)
        ]


def _all_alike(many: Neighbours, both: BytesOfBoth) -> bool:
    """Return whether all bytes are equal; at once where tensors lie in the same way on both sides."""
    (_, _, size), (_, _, other) = many.places
    begins = many.begins
    if size == other and all(mine == theirs for mine, theirs in begins) and both.equal(0, 0, size):
        return True
    return all(both.equal(*place, tensor.nbytes) for tensor, place in zip(many.tensors, begins, strict=True))


def _of_one_form(many: Neighbours) -> dict[tuple[DType, int], list[int]]:
    """Return the indices of the tensors of one dtype and size that lie at whole elements, by these."""
    found: dict[tuple[DType, int], list[int]] = {}
    for at, (tensor, (mine, theirs)) in enumerate(zip(many.tensors, many.begins, strict=True)):
        dtype = tensor.dtype
        if dtype.per_unit == 1 and not (mine % dtype.unit or theirs % dtype.unit):
            found.setdefault((dtype, tensor.nbytes), []).append(at)
    return found


def _measure(
    many: Neighbours, both: BytesOfBoth, places: list[int], alike: bool, tolerance: Tolerance
) -> Iterable[tuple[int, ElementComparison | None]]:
    """Return the comparison of each of the tensors at some places, all of one dtype and size.

    None for those that need more care.
    """
    from .small_floats import Measured, can_be_rows, measure_rows, rows_of, same_with, squares_of_rows

    first = many.tensors[places[0]]
    if not can_be_rows(first.dtype.torch):
        return ()

    def rows(side: int) -> Tensor:
        unit = first.dtype.unit
        count = many.places[side][2] // unit
        numbers = first.from_bytes(both.rooms[side][: count * unit], count)
        return rows_of(numbers, [many.begins[place][side] // unit for place in places], first.elements)

    if alike:
        measured = Measured(squares_of_rows(rows(0)), {})
    else:
        measured = measure_rows(rows(0), rows(1), [many.tensors[place].shape for place in places], tolerance)
    found = [same_with(each) if math.isfinite(each) else None for each in measured.squares]
    for row, comparison in measured.differing.items():
        found[row] = comparison
    return zip(places, found, strict=True)


def _alone(many: Neighbours, both: BytesOfBoth, place: int, tolerance: Tolerance) -> Difference:
    """Return the difference of one of the tensors."""
    from .measures import measure_pair, squares

    a, b = many.pairs[place]
    begins, size = many.begins[place], many.tensors[place].nbytes
    x, y = (
        each.readable.from_bytes(room[begin : begin + size], each.elements)
        for each, room, begin in zip((a, b), both.rooms, begins, strict=True)
    )
    if both.equal(*begins, size):
        same = structs.replace(SAME, squares=Squares(squares(x), Sum()))
        return Difference(a.path, "equal", a.side, b.side, same)
    found = measure_pair(x, y, tolerance)
    numbers = found.comparison()
    if numbers.values == "equal":
        return Difference(a.path, "equal", a.side, b.side, structs.replace(SAME, squares=numbers.squares))
    index = None if found.place is None else tuple(index_at(a.side.shape or (), found.place))
    return Difference(a.path, numbers.values, a.side, b.side, structs.replace(numbers, index=index))
