"""What `stats` prints for people: a line a tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..safe_text import clean
from .columns import table

NAME = 200
"""Characters of a name that are written."""
HEADS = ("", "count", "mean", "std", "min", "median", "max", "l2", "")
WIDEST = (60, 13, 10, 10, 10, 10, 10, 10, 40)


def text_of(tensors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The statistics as a table, safe for a terminal."""
    yield from table([HEADS, *map(_row, tensors)], WIDEST, right=range(1, 8))


def _row(tensor: Mapping[str, Any]) -> tuple[str, ...]:
    name = clean(tensor["path"], NAME)
    if tensor["absence"]:
        return (name, *[""] * 7, clean(tensor["reason"], NAME))
    quantiles = tensor["quantiles"] or {}
    numbers = (tensor["mean"], tensor["std"], tensor["min"], quantiles.get("0.5"), tensor["max"], tensor["l2"])
    return (name, f"{tensor['count']:,}", *map(_number, numbers), ", ".join(_notes(tensor)))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _notes(tensor: Mapping[str, Any]) -> Iterator[str]:
    for kind, name in (("nan", "NaN"), ("inf", "infinite"), ("zeros", "zero")):
        if count := tensor[kind]:
            yield f"{count:,} {name}" if count < tensor["count"] else f"all {name}"
    initial = tensor["initial"]
    if initial and initial["consistent"] is not None:
        likely = "" if initial["p"] is None else f" (p {initial['p']:.2g})"
        yield ("as initialised" if initial["consistent"] else "not as initialised") + likely
