"""Small tensors that lie near each other in both files: many are read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

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

    from .measures import Measures
    from .small_floats import SmallFloats

SMALL = 2**16
"""Bytes of a tensor up to which it is read together with others."""
_LEAST = 4
"""Tensors that are read at once, at least."""
TensorPair = tuple[Comparable | None, Comparable | None]
"""A tensor of A and the one of B; None on the side that has none."""


class Neighbours(NamedTuple):
    """Pairs that are read at once."""

    pairs: list[tuple[Comparable, Comparable]]
    begins: list[tuple[int, int]]
    """Of each pair the bytes from the start of what is read to each tensor."""
    places: tuple[tuple[DataFile, int, int], tuple[DataFile, int, int]]
    """What is read of each side: the file, the first byte, and how many bytes."""


def neighbours(pairs: Sequence[TensorPair], start: int) -> Neighbours | None:
    """Return the pairs from `start` on that are read at once; None where these are too few to matter."""
    found: list[tuple[Comparable, Comparable]] = []
    offsets: list[tuple[int, int]] = []
    files: tuple[DataFile, DataFile] | None = None
    low, high = [0, 0], [0, 0]
    for at in range(start, len(pairs)):
        a, b = pairs[at]
        if a is None or b is None:
            break
        mine, theirs = a.readable, b.readable
        if type(mine) is not Dense or type(theirs) is not Dense or mine.dtype is not theirs.dtype:
            break
        if mine.shape != theirs.shape or not 0 < mine.nbytes <= SMALL or mine.dtype.decode is None:
            break
        if files is None:
            files = mine.file, theirs.file
            low = high = [mine.offset, theirs.offset]
        elif mine.file is not files[0] or theirs.file is not files[1]:
            break
        lower = [min(low[0], mine.offset), min(low[1], theirs.offset)]
        higher = [max(high[0], mine.offset + mine.nbytes), max(high[1], theirs.offset + theirs.nbytes)]
        if higher[0] - lower[0] > ROOM or higher[1] - lower[1] > ROOM:
            break
        low, high = lower, higher
        found.append((a, b))
        offsets.append((mine.offset, theirs.offset))
    if files is None or len(found) < _LEAST:
        return None
    begins = [(mine - low[0], theirs - low[1]) for mine, theirs in offsets]
    return Neighbours(found, begins, ((files[0], low[0], high[0] - low[0]), (files[1], low[1], high[1] - low[1])))


def compare_neighbours(many: Neighbours, tolerance: Tolerance, squares: bool) -> Iterator[Difference] | None:
    """Return the differences of `neighbours`, each found out when it is asked for; None where they cannot be read.

    With `squares` the sums of equal tensors are taken too.  Torch is imported where one differs, or for these sums.
    """
    both = BytesOfBoth()
    try:
        for (file, offset, size), room in zip(many.places, both.rooms, strict=True):
            file.read_into(offset, room[:size])
    except Unreadable:
        return None  # each says why by itself
    return _compared(many, both, tolerance, squares)


def _compared(many: Neighbours, both: BytesOfBoth, tolerance: Tolerance, squares: bool) -> Iterator[Difference]:
    together: SmallFloats | None = None
    item = _item_together(many)
    for (a, b), begins in zip(many.pairs, many.begins, strict=True):
        size = int(a.elements * a.readable.item_bytes)
        alike = both.equal(*begins, size)
        if item and together is None and (squares or not alike):
            together = _together(many, both, item, tolerance)
            item = item if together.suitable else 0
        start, stop = (begins[0] // item, (begins[0] + size) // item) if item else (0, 0)
        if not alike:
            raw = [room[begin : begin + size] for room, begin in zip(both.rooms, begins, strict=True)]
            yield _differing(a, b, raw, tolerance, together.measure(start, stop) if together and item else None)
        elif squares:
            found = together.squares(start, stop) if together and item else None
            found = found or _squares(a, both.rooms[0][begins[0] : begins[0] + size])
            same = ElementComparison(
                values="equal", max_abs=0.0, relative_l2=0.0, cosine=1.0, squares=Squares(found, Sum())
            )
            yield Difference(a.path, "equal", a.side, b.side, same)
        else:
            yield Difference(a.path, "equal", a.side, b.side, SAME)


def _item_together(many: Neighbours) -> int:
    """Return the bytes of an element where all lie in the same way on both sides, each at a whole element; 0 if not."""
    item = many.pairs[0][0].readable.item_bytes
    dtype = many.pairs[0][0].side.dtype
    sound = item == int(item) and all(mine == theirs and not mine % item for mine, theirs in many.begins)
    return int(item) if sound and all(a.side.dtype == dtype for a, _ in many.pairs) else 0


def _together(many: Neighbours, both: BytesOfBoth, item: int, tolerance: Tolerance) -> SmallFloats:
    from .small_floats import SmallFloats

    a, b = many.pairs[0]
    count = min(size for _, _, size in many.places) // item

    def side(tensor: Comparable, room: memoryview) -> Callable[[], Tensor]:
        return lambda: tensor.readable.from_bytes(room[: count * item], count)

    return SmallFloats(side(a, both.rooms[0]), side(b, both.rooms[1]), tolerance)


def _squares(tensor: Comparable, raw: memoryview) -> Sum:
    from .measures import squares

    return squares(tensor.readable.from_bytes(raw, tensor.elements))


def _differing(
    a: Comparable, b: Comparable, raw: Sequence[memoryview], tolerance: Tolerance, found: Measures | None
) -> Difference:
    """Return the difference of two tensors whose bytes differ; `found` None where they are to be measured yet."""
    if found is None:
        from ..work.one_thread import one_thread
        from .measures import measure_pair

        with one_thread():
            x, y = (each.readable.from_bytes(room, each.elements) for each, room in zip((a, b), raw, strict=True))
            found = measure_pair(x, y, tolerance)
    numbers = found.comparison()
    if numbers.values == "equal":
        return Difference(a.path, "equal", a.side, b.side, replace(SAME, squares=numbers.squares))
    index = None if found.place is None else tuple(index_at(a.side.shape or (), found.place))
    return Difference(a.path, numbers.values, a.side, b.side, replace(numbers, index=index))
