"""Columns of a table: how wide each is in the room there is, and a row cut to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.segment import Segment
from rich.style import Style

from tui.text import clean, fit, fit_middle, fit_right

GAP = 1
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    title: str
    least: int
    """Cells below which it is of no use."""
    most: int
    """Cells above which it needs no more."""
    drop: int = 0
    """Where there is no room the column with the highest number goes first; 0 stays always."""
    cut: Literal["end", "middle", "left"] = "end"
    """Where a text that is too long loses letters; `left` also sets it against the right edge."""


@lru_cache(maxsize=256)
def lay_out(columns: tuple[Column, ...], width: int) -> tuple[int, ...]:
    """The width of each column; 0 for one that is dropped.  Their sum exceeds `width` if even the rest does not fit."""
    kept = list(columns)

    def needed() -> int:
        return sum(column.least for column in kept) + GAP * (len(kept) - 1)

    while needed() > width and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    spare = width - needed()
    widths = {column: column.least for column in kept}
    for column in kept:  # the first ones tell most
        more = max(min(column.most - column.least, spare), 0)
        widths[column] += more
        spare -= more
    return tuple(widths.get(column, 0) for column in columns)


def cell(text: str, column: Column, width: int) -> str:
    """Text from anywhere, made safe and exactly `width` cells wide."""
    text = clean(text)
    if column.cut == "left":
        return fit_right(text, width)
    return fit_middle(text, width) if column.cut == "middle" else fit(text, width)


def row_of(
    columns: Sequence[Column], widths: Sequence[int], texts: Iterable[str], styles: Iterable[Style | None]
) -> list[Segment]:
    """One line of the table; dropped columns are left out."""
    shown = [
        (cell(text, column, width), style)
        for column, width, text, style in zip(columns, widths, texts, styles, strict=True)
        if width
    ]
    last = len(shown) - 1  # few segments make a line quick to draw: a gap goes with the cell before it
    return [Segment(text if index == last else text + " " * GAP, style) for index, (text, style) in enumerate(shown)]


def header_of(columns: Sequence[Column], widths: Sequence[int]) -> list[Segment]:
    """The titles, set as the columns are."""
    return row_of(columns, widths, (column.title for column in columns), [None] * len(columns))
