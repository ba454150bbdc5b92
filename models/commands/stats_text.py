"""What `stats` prints for a user: a line a tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..safe_text import clean
from .columns import table_of_names

NAME = 200
"""Characters of a name that are written."""
NAMES = 3
"""Other names of a tensor that are written."""
HEADS = ("", "count", "mean", "std", "min", "median", "max", "l2", "min at", "max at", "")


def text_of(tensors: Sequence[Mapping[str, Any]], width: int | None = None) -> Iterator[str]:
    """Yield the lines of the table that `stats` prints, safe for a terminal; `tensors` are entries of the report.

    `width` is that of the terminal in cells, where names give way; None for none.
    """
    yield from table_of_names([HEADS, *map(_row, tensors)], 0, width, right=range(1, 8))


def _row(tensor: Mapping[str, Any]) -> tuple[str, ...]:
    name = clean(tensor["path"], NAME)
    if tensor["absence"]:
        return (name, *[""] * 9, clean(tensor["reason"], NAME))
    quantiles = tensor["quantiles"] or {}
    numbers = (tensor["mean"], tensor["std"], tensor["min"], quantiles.get("0.5"), tensor["max"], tensor["l2"])
    places = (_index(tensor["min_index"]), _index(tensor["max_index"]))
    return (name, f"{tensor['count']:,}", *map(_number, numbers), *places, ", ".join(_notes(tensor)))


def _index(index: Sequence[int] | None) -> str:
    return str(list(index)) if index else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value + 0.0:.4g}"  # of a negative zero too: 0


def _notes(tensor: Mapping[str, Any]) -> Iterator[str]:
    for kind, name in (("nan", "NaN"), ("inf", "infinite"), ("zeros", "zero")):
        if count := tensor[kind]:
            yield f"{count:,} {name}" if count < tensor["count"] else f"all {name}"
    if names := tensor["shared_with"]:
        more = f" and {len(names) - NAMES:,} more" if len(names) > NAMES else ""
        yield f"the same as {', '.join(clean(each, NAME) for each in names[:NAMES])}{more}"
    initial = tensor["initial"]
    if initial and initial["consistent"] is not None:
        likely = "" if initial["p"] is None else f" (p {initial['p']:.2g})"
        yield ("as initialised" if initial["consistent"] else "not as initialised") + likely
