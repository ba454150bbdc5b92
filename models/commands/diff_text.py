"""What `diff` prints for a person: a table, worst first, and a line that sums up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from ..diff.difference import Difference, Side, Status, Tally
from ..diff.pairing import Pairs
from ..engine.safe_text import clean
from ..sources.base import Source
from .columns import Row, table
from .diff_report import warnings

NAME = 200
"""Characters of a name that are written."""
WIDEST = (10, 32, 9, 11, 9, 40)
"""What fits a screen of 80 columns for most networks; a longer cell pushes what follows."""
_ORDER: tuple[Status, ...] = ("unreadable", "changed", "dtype", "shape", "only_a", "only_b", "close", "equal")
_WORDS: dict[Status, str] = {"only_a": "only in A", "only_b": "only in B"}


def text_of(a: Source, b: Source, pairs: Pairs, found: Sequence[Difference], tally: Tally) -> Iterator[str]:
    """The lines, safe for a terminal."""
    if found:
        rows: list[Row] = [("", "tensor", "max |a-b|", "relative L2", "cosine", "")]
        rows += map(_row, sorted(found, key=_badness))
        yield from table(rows, WIDEST, right={2, 3, 4})
        yield ""
    yield _summary(tally)
    for reason, count in Counter(f"{each.reason} ({each.side.upper()})" for each in pairs.left_out).items():
        yield f"left out: {count:,}, {clean(reason, NAME)}"
    for name, text in warnings(a, b):
        yield f"warning: {name}: {clean(text)}"


def _summary(tally: Tally) -> str:
    """`312 equal, 2 changed, 1 only in A`."""
    parts = [
        f"{count:,} {_WORDS.get(status, f'of another {status}' if status in ('shape', 'dtype') else status)}"
        for status, count in tally.counts.items()
        if count
    ]
    return ", ".join(parts) or "no tensors"


def _badness(difference: Difference) -> tuple[int, bool, float, float]:
    """Sorts the worst first; those that are as bad keep their order."""
    numbers = difference.numbers
    if numbers is None:
        return (_ORDER.index(difference.status), False, 0.0, 0.0)
    relative = math.inf if numbers.relative_l2 is None else numbers.relative_l2
    return (_ORDER.index(difference.status), not numbers.nonfinite, -relative, -(numbers.max_abs or 0.0))


def _row(difference: Difference) -> Row:
    numbers = difference.numbers
    figures = (
        ("", "", "")
        if numbers is None
        else (_figure(numbers.max_abs), _figure(numbers.relative_l2), _cosine(numbers.cosine))
    )
    return (
        _WORDS.get(difference.status, difference.status),
        clean(difference.path, NAME),
        *figures,
        "  ".join(_details(difference)),
    )


def _details(difference: Difference) -> Iterator[str]:
    a, b, numbers = difference.a, difference.b, difference.numbers
    if difference.reason:
        yield clean(difference.reason, NAME)
    if a is not None and b is not None:
        if a.shape != b.shape:
            yield f"{_shape(a)} → {_shape(b)}"
        if a.dtype != b.dtype:
            yield f"{clean(a.dtype, NAME)} → {clean(b.dtype, NAME)}"
    else:
        for side in (a, b):
            if side is not None:
                yield f"{_shape(side)} {clean(side.dtype, NAME)}"
    if numbers is not None:
        if difference.status == "dtype":
            yield f"values {numbers.values}"
        if numbers.nonfinite:
            yield f"{numbers.nonfinite:,} NaN or infinite"
    if a is not None and a.path != difference.path:
        yield f"({clean(a.path, NAME)} in A)"


def _shape(side: Side) -> str:
    return "no shape yet" if side.shape is None else str(list(side.shape))


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{number:.3g}"


def _cosine(number: float | None) -> str:
    """To six digits, and never 1 or -1 where it is not."""
    if number is None:
        return "-"
    text = f"{number:.6f}"
    return f"{math.copysign(0.999999, number):.6f}" if abs(float(text)) == 1 != abs(number) else text
