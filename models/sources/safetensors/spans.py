"""Whether the tensors fill the file: no hole, no overlap, no byte missing at the end and none too many."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import gt

from ...stored.stored import Stored
from .entries import Span, Wrong, shown

CUT = "The download or copy did not finish: do it again."


def covers(spans: Sequence[Span], size: int) -> bool:
    """Whether the spans cover `size` bytes once each."""
    if not spans:
        return size == 0
    begins, ends = zip(*(spans if _ascend(spans) else sorted(spans)), strict=True)
    return bool(begins[0] == 0 and ends[-1] == size and begins[1:] == ends[:-1])


def _ascend(spans: Sequence[Span]) -> bool:
    """Most writers list them as they lie."""
    return not any(map(gt, spans, islice(spans, 1, None)))


def check_spans(tensors: Sequence[Stored], spans: Sequence[Span], size: int) -> None:
    """Raises Wrong unless `spans`, those of `tensors`, cover the `size` bytes behind the header once each."""
    reached = 0
    for index in range(len(spans)) if _ascend(spans) else sorted(range(len(spans)), key=spans.__getitem__):
        begin, end = spans[index]
        if begin != reached:
            _raise(tensors, spans, index, reached)
        reached = end
    if reached > size:
        raise cut_short(reached - size)
    if reached < size:
        raise Wrong(f"has {_bytes(size - reached)} more than its tensors take", joint=" ")


def cut_short(missing: int, least: bool = False) -> Wrong:
    """That so many bytes are missing at the end of a file, or more where `least`."""
    return Wrong(
        f"is cut short: {'at least ' if least else ''}{_bytes(missing)} {'is' if missing == 1 else 'are'} missing",
        CUT,
        joint=" ",
    )


def _raise(tensors: Sequence[Stored], spans: Sequence[Span], index: int, reached: int) -> None:
    begin, name = spans[index][0], shown(tensors[index].path)
    if begin > reached:
        where = f"before tensor {name}" if reached else f"before the first tensor, {name}"
        raise Wrong(f"a hole of {begin - reached:,} bytes {where}")
    before = next(other for other, span in enumerate(spans) if span[1] == reached and other != index)
    raise Wrong(f"tensor {name} overlaps tensor {shown(tensors[before].path)} by {reached - begin:,} bytes")


def _bytes(number: int) -> str:
    return f"{number:,} byte{'' if number == 1 else 's'}"
