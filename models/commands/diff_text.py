"""What `diff` prints for a user: a table, worst first, and a line that sums up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from ..diff.difference import Difference, Status, Tally, TensorSide
from ..diff.items import ItemDifference
from ..diff.modules import ModuleChange
from ..diff.pairing import Pairs
from ..diff.ranking import OF_NUMBERS
from ..opened.source import Source
from ..safe_text import clean
from .columns import TextRow, table_of_names
from .diff_modules import sentence_of, table_of
from .diff_report import warnings

NAME = 200
"""Characters of a name that are written."""
ITEMS = 20
"""Things that differ beside tensors that are listed."""
VALUE = 60
"""Characters of the value of one."""
_HEADS = ("", "tensor", "max |a-b|", "relative L2", "cosine", "")
_WORDS: dict[Status, str] = {"only_a": "only in A", "only_b": "only in B"}


def text_of(
    a: Source,
    b: Source,
    pairs: Pairs,
    found: Sequence[Difference],
    items: Sequence[ItemDifference],
    tally: Tally,
    modules: Sequence[ModuleChange] = (),
    width: int | None = None,
    left_off: int | None = None,
) -> Iterator[str]:
    """Yield the lines that `diff` prints, safe for a terminal: tensors that differ, then modules, then a summary.

    Args:
        a: where A comes from.
        b: where B comes from.
        pairs: what was compared.
        found: the differences that are listed, worst first.
        items: what differs beside tensors.
        tally: how many tensors have each status.
        modules: the modules that they are in, each with what differs in it.
        width: that of the terminal in cells, where names give way; None for none.
        left_off: how many changes are not listed because others are larger, which come first in `found`; None where
            no number was asked for.
    """
    if found:
        lines = list(table_of_names([_HEADS, *map(_row, found)], 1, width, right={2, 3, 4}))
        changes = len(found) if left_off is None else sum(each.status in OF_NUMBERS for each in found)
        yield from lines[: changes + 1]
        if left_off:
            yield f"and {left_off:,} smaller"
        if changes and changes < len(found):
            yield ""
        yield from lines[changes + 1 :]
        yield ""
    if lines := list(table_of(modules, width) if modules else ()):
        yield from lines
        yield ""
    if items:
        yield from table_of_names([("", "non-tensor", ""), *map(_item_row, items[:ITEMS])], 1, width)
        if len(items) > ITEMS:
            yield f"and {len(items) - ITEMS:,} more"
        yield ""
    yield _summary(tally, len(items))
    for reason, count in Counter(f"{each.reason} ({each.side.upper()})" for each in pairs.left_out).items():
        yield f"left out: {count:,}, {clean(reason, NAME)}"
    for name, text in warnings(a, b):
        yield f"warning: {name}: {clean(text)}"
    if sentence := sentence_of(modules):
        yield sentence


def _summary(tally: Tally, items: int) -> str:
    """Return the summary: `312 equal, 2 changed, 1 only in A; 3 non-tensors differ`."""
    parts = [
        f"{count:,} {_WORDS.get(status, f'of another {status}' if status in ('shape', 'dtype') else status)}"
        for status, count in tally.counts.items()
        if count
    ]
    beside = f"; {items:,} non-tensor{'s differ' if items > 1 else ' differs'}" if items else ""
    return (", ".join(parts) or "no tensors") + beside


def _item_row(item: ItemDifference) -> TextRow:
    a, b = ("" if value is None else clean(value, VALUE) or "''" for value in (item.a, item.b))
    if item.status == "changed" and a == b:  # they differ further on
        a, b = (_end(value) for value in (item.a, item.b))
    name = f"metadata {item.path}" if item.place == "metadata" else item.path
    return (_WORDS.get(item.status, item.status), clean(name, NAME), " → ".join(filter(None, (a, b))))


def _end(value: str | None) -> str:
    return f"…{clean((value or '')[-VALUE:], VALUE)}"


def _row(difference: Difference) -> TextRow:
    numbers = difference.comparison
    status, name = _WORDS.get(difference.status, difference.status), clean(difference.path, NAME)
    details = "  ".join(_details(difference))
    if numbers is None:
        return (status, name, details.ljust(len(_HEADS[2])) if details else "", "", "", "")
    return (status, name, _figure(numbers.max_abs), _figure(numbers.relative_l2), _cosine(numbers.cosine), details)


def _details(difference: Difference) -> Iterator[str]:
    a, b, numbers = difference.a, difference.b, difference.comparison
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
        if numbers.index:
            first = "first " if numbers.nonfinite > 1 else ""
            yield f"{first}at {list(numbers.index)}"
    if a is not None and a.path != difference.path:
        yield f"({clean(a.path, NAME)} in A)"


def _shape(side: TensorSide) -> str:
    return "no shape yet" if side.shape is None else str(list(side.shape))


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{number:.3g}"


def _cosine(number: float | None) -> str:
    """Return it to six digits, and never 1 or -1 where it is not."""
    if number is None:
        return "-"
    text = f"{number:.6f}"
    return f"{math.copysign(0.999999, number):.6f}" if abs(float(text)) == 1 != abs(number) else text
