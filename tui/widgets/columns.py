"""Columns of a table: how wide each is in the room there is, and a row cut to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui.text import clean, fit, fit_middle, fit_path, fit_right

FITTED: dict[str, Callable[[str, int], str]] = {
    "end": fit, "middle": fit_middle, "path": fit_path, "left": fit_right
}  # fmt: skip
GAP = 1
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    title: str
    least: int
    """Cells below which it is of no use, if it holds that much."""
    most: int
    """Cells above which it needs no more."""
    drop: int = 0
    """Where there is no room the column with the highest number goes first; 0 stays always."""
    cut: Literal["end", "middle", "path", "left"] = "end"
    """Where a text that is too long loses letters: `path` keeps the end; `left` is set against the right edge."""


class Needs:
    """How wide the texts of each column are, in the rows seen so far: a column without any text needs no room."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self.widths: tuple[int, ...] = ()
        self.reset()

    def reset(self) -> None:
        """No row was seen."""
        self.widths = (0,) * len(self._columns)

    def take(self, rows: Iterable[Sequence[str]]) -> bool:
        """Look at the texts of more rows; whether a column needs more than was known."""
        before = self.widths
        for texts in rows:
            self.widths = tuple(
                width if width >= column.most else max(width, cell_len(clean(text)))
                for width, column, text in zip(self.widths, self._columns, texts, strict=True)
            )
        return self.widths != before


@lru_cache(maxsize=256)
def lay_out(columns: tuple[Column, ...], width: int, needs: tuple[int, ...] | None = None) -> tuple[int, ...]:
    """The width of each column; 0 for one that is dropped.  Their sum exceeds `width` if even the rest does not fit.

    `needs` are the cells that the texts of each column take; while no row is known each takes as much as it may.
    """
    if needs is None or not any(needs):
        needs = tuple(column.most for column in columns)
    wants = {column: _wanted(column, need) for column, need in zip(columns, needs, strict=True)}
    least = {column: min(column.least, want) for column, want in wants.items()}
    kept = [column for column in columns if wants[column]]

    def needed() -> int:
        return sum(least[column] for column in kept) + GAP * (len(kept) - 1)

    while needed() > width and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    spare = width - needed()
    widths = {column: least[column] for column in kept}
    for column in sorted(kept, key=lambda column: column.drop):  # what stays longest tells most
        more = max(min(wants[column] - least[column], spare), 0)
        widths[column] += more
        spare -= more
    return tuple(widths.get(column, 0) for column in columns)


def _wanted(column: Column, need: int) -> int:
    """The cells that a column can use; the title counts where there is a text below it."""
    if not need and column.drop:
        return 0
    return min(max(need, cell_len(column.title)), column.most)


def cell(text: str, column: Column, width: int) -> str:
    """Text from anywhere, made safe and exactly `width` cells wide."""
    return FITTED[column.cut](clean(text), width)


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
