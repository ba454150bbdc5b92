"""What `diff` prints for a user: a table, worst first, and a line that sums up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from ..diff.difference import Difference, Side, Status, Tally
from ..diff.items import ItemDifference
from ..diff.pairing import Pairs
from ..opened.source import Source
from ..safe_text import clean
from .columns import Row, table
from .diff_report import warnings

NAME = 200
"""Characters of a name that are written."""
ITEMS = 20
"""Things that differ beside tensors that are listed."""
VALUE = 60
"""Characters of the value of one."""
WIDEST = (10, 32, 9, 11, 9, 40)
"""What fits a screen of 80 columns for most networks; a longer cell pushes what follows."""
_ORDER: tuple[Status, ...] = ("unreadable", "changed", "dtype", "shape", "only_a", "only_b", "close", "equal")
_WORDS: dict[Status, str] = {"only_a": "only in A", "only_b": "only in B"}


def text_of(
    a: Source,
    b: Source,
    pairs: Pairs,
    found: Sequence[Difference],
    items: Sequence[ItemDifference],
    tally: Tally,
) -> Iterator[str]:
    """The lines, safe for a terminal."""
    if found:
        rows: list[Row] = [("", "tensor", "max |a-b|", "relative L2", "cosine", "")]
        rows += map(_row, sorted(found, key=lambda each: (each.of_state, *_badness(each))))
        yield from table(rows, WIDEST, right={2, 3, 4})
        yield ""
    if items:
        yield from table([("", "non-tensor", ""), *map(_item_row, items[:ITEMS])], (9, 40, 60))
        if len(items) > ITEMS:
            yield f"and {len(items) - ITEMS:,} more"
        yield ""
    yield _summary(tally, len(items))
    for reason, count in Counter(f"{each.reason} ({each.side.upper()})" for each in pairs.left_out).items():
        yield f"left out: {count:,}, {clean(reason, NAME)}"
    for name, text in warnings(a, b):
        yield f"warning: {name}: {clean(text)}"


def _summary(tally: Tally, items: int) -> str:
    """`312 equal, 2 changed, 1 only in A; 3 non-tensors differ`."""
    parts = [
        f"{count:,} {_WORDS.get(status, f'of another {status}' if status in ('shape', 'dtype') else status)}"
        for status, count in tally.counts.items()
        if count
    ]
    beside = f"; {items:,} non-tensor{'s differ' if items > 1 else ' differs'}" if items else ""
    return (", ".join(parts) or "no tensors") + beside


def _item_row(item: ItemDifference) -> Row:
    a, b = ("" if value is None else clean(value, VALUE) or "''" for value in (item.a, item.b))
    if item.status == "changed" and a == b:  # they differ further on
        a, b = (_end(value) for value in (item.a, item.b))
    name = f"metadata {item.path}" if item.place == "metadata" else item.path
    return (_WORDS.get(item.status, item.status), clean(name, NAME), " → ".join(filter(None, (a, b))))


def _end(value: str | None) -> str:
    return f"…{clean((value or '')[-VALUE:], VALUE)}"


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
