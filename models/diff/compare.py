"""Comparison of two tensors, piece by piece.  Imports torch only where bytes differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import structs

from ..tensors.lattice import SPAN_LIMIT, WALK_LIMIT, collapsed, repeated_axes, repeats_much, span_of
from ..tensors.readable import Readable, Unreadable
from ..tensors.seeking import index_at
from ..work.cancelled import Cancelled
from .difference import SAME, UNMEASURED, Difference, ElementComparison, Tolerance
from .pieces import Pieces, piece
from .sums import Squares
from .tensors import Comparable
from .workers import Workers

if TYPE_CHECKING:
    from .measures import Measures

PIECE = 2**20
"""Elements of each side that a worker compares at a time, part by part: whole units of any dtype."""

SCALE_ELSEWHERE = "a checkpoint keeps the scale of quantised integers beside them: there is no number to compare"
"""The reason why quantised integers are not compared with floats."""

OnRead = Callable[[int], None]
"""Called after each piece with the number of bytes of both sides, or of elements, that were read."""


def compare(
    a: Comparable, b: Comparable, tolerance: Tolerance, workers: Workers, read: OnRead, squares: bool = False
) -> Difference:
    """Return the difference of two tensors of any shapes, dtypes and kinds.

    With `squares` their sums are taken also where all bytes are equal, which takes longer and imports torch.

    Memory is bounded by a few pieces for each worker; `read` is called with bytes.  Does not raise `Unreadable`: that
    is a status of the difference.
    """
    same_dtype = a.side.dtype == b.side.dtype
    if a.side.shape != b.side.shape or a.side.shape is None:
        if a.side.shape is None and b.side.shape is None:
            return Difference(a.path, "unreadable", a.side, b.side, reason=a.readable.absence[1])
        return Difference(a.path, "shape", a.side, b.side)
    mine, theirs = a.readable, b.readable
    if reason := mine.absence[1] or theirs.absence[1]:
        if same_dtype and (same := _same_parts(mine, theirs)) is not None:
            return Difference(a.path, "equal" if same else "changed", a.side, b.side, SAME if same else UNMEASURED)
        return Difference(a.path, "unreadable", a.side, b.side, reason=reason)
    if mine.element_kind != theirs.element_kind and same_dtype:
        return Difference(a.path, "unreadable", a.side, b.side, reason=SCALE_ELSEWHERE)
    size = mine.item_bytes + theirs.item_bytes

    def count(elements: int) -> None:
        read(int(elements * size))

    try:
        mine, theirs, times = _once(mine.unpacked(), theirs.unpacked())
        numbers = _of_spans(mine, theirs, tolerance) or _compare_elements(
            mine, theirs, same_dtype, tolerance, workers, count, squares
        )
        if times > 1:
            numbers = _repeated(numbers, times)
    except Cancelled:
        raise
    except Exception as error:
        if (own := _reason(error, mine, theirs)) is None:
            raise
        return Difference(a.path, "unreadable", a.side, b.side, reason=own)
    return Difference(a.path, numbers.values if same_dtype else "dtype", a.side, b.side, numbers)


def _same_parts(a: Readable, b: Readable) -> bool | None:
    """Return whether all parts of two tensors that are stored in parts are equal; None where they are not in parts."""
    mine, theirs = a.stored_parts, b.stored_parts
    if not mine or len(mine) != len(theirs):
        return None
    try:
        for one, other in zip(mine, theirs, strict=True):
            if one.shape != other.shape or one.dtype_name != other.dtype_name:
                return False
            for start in range(0, one.elements, PIECE):
                stop = min(start + PIECE, one.elements)
                if one.bytes(start, stop) != other.bytes(start, stop):
                    return False
    except Unreadable:
        return None
    return True


def _reason(error: Exception, *readables: Readable) -> str | None:
    """Return a sentence on an error that reading or computing raised; None where it is no tensor's own."""
    if isinstance(error, Unreadable):
        return str(error)
    return next(filter(None, (readable.error_text(error) for readable in readables)), None)


def _once(a: Readable, b: Readable) -> tuple[Readable, Readable, int]:
    """Return both without dimensions that both repeat, and how often each remaining element stands in the whole."""
    if a.elements <= WALK_LIMIT or a.strides is None or b.strides is None:
        return a, b, 1
    axes = repeated_axes(a.shape, a.strides) & repeated_axes(b.shape, b.strides)
    if not axes:
        return a, b, 1
    shape, times = collapsed(a.shape, axes)
    first = (0,) * len(shape)
    return a.part(first, shape), b.part(first, shape), times


def _repeated(numbers: ElementComparison, times: int) -> ElementComparison:
    """Return the comparison of tensors of which each element stands there so many times."""
    squares = numbers.squares and Squares(numbers.squares.a.times(times), numbers.squares.apart.times(times))
    differing, nonfinite = numbers.differing * times, numbers.nonfinite * times
    return structs.replace(numbers, differing=differing, nonfinite=nonfinite, squares=squares)


def _of_spans(a: Readable, b: Readable, tolerance: Tolerance) -> ElementComparison | None:
    """Return the comparison of two tensors that repeat few stored elements many times; None for all others.

    Raises:
        Unreadable: too many elements are stored, or the strides differ.
    """
    shape, strides = a.shape, a.strides
    if strides is None or b.strides is None or not (repeats_much(shape, strides) and repeats_much(shape, b.strides)):
        return None  # so many are stored on one side that it may take as long
    size = span_of(shape, strides)
    if strides != b.strides or size > SPAN_LIMIT:
        how = "the same way" if strides == b.strides else "different ways"
        raise Unreadable(f"both show few stored elements many times, in {how}: {a.elements:,} pairs are not compared")
    from ..work.one_thread import one_thread
    from .spans import compare_spans

    with one_thread():
        return compare_spans(piece(a.span(), 0, size), piece(b.span(), 0, size), shape, strides, tolerance)


def _compare_elements(
    a: Readable, b: Readable, same_dtype: bool, tolerance: Tolerance, workers: Workers, read: OnRead, squares: bool
) -> ElementComparison:
    pieces = Pieces(a, b, same_dtype)
    equal = 0 if squares else _equal_bytes(pieces, workers, read)
    if equal == a.elements:
        return SAME
    found = _measured(pieces, equal, tolerance, workers, read)
    numbers = found.comparison()
    if numbers.values == "equal":
        return structs.replace(SAME, squares=numbers.squares)
    return structs.replace(numbers, index=None if found.place is None else tuple(index_at(a.shape, found.place)))


def _equal_bytes(pieces: Pieces, workers: Workers, read: OnRead) -> int:
    """Return where the first piece begins that is not the same bytes on both sides; the number of elements for none."""

    def equal(start: int) -> bool:
        return pieces.equal(start, min(start + PIECE, pieces.elements))

    if not pieces.in_bytes and pieces.elements:
        return 0
    starts = range(0, pieces.elements, PIECE)
    for start, alike in zip(starts, workers.ordered(equal, starts), strict=True):
        if not alike:
            return start
        read(min(PIECE, pieces.elements - start))
    return pieces.elements


def _measured(pieces: Pieces, equal: int, tolerance: Tolerance, workers: Workers, read: OnRead) -> Measures:
    """Return the measures of all elements, of which the first `equal` ones are known to be equal."""
    from .measures import Measures
    from .measuring import measure_piece

    total = Measures()

    def measured(start: int) -> Measures:
        stop = min(start + PIECE, pieces.elements)
        beat = total.largest if total.differing else -1.0
        return measure_piece(pieces, start, stop, stop <= equal, tolerance if total.close else None, beat)

    starts = range(0, pieces.elements, PIECE)
    for start, found in zip(starts, workers.ordered(measured, starts), strict=True):
        total.merge(found)
        if start >= equal:
            read(min(PIECE, pieces.elements - start))
    return total
