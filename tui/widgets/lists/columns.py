"""Columns of a table: how wide each is in the room there is, and a row cut to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui.text import clean, fit, fit_middle, fit_name, fit_path, fit_right

FITTED: dict[str, Callable[[str, int], str]] = {
    "end": fit, "middle": fit_middle, "path": fit_path, "name": fit_name, "left": fit_right
}  # fmt: skip
GAP = 1
"""Cells between two columns."""
LEVEL_LIMIT = 1_000
"""Levels of indentation that are drawn: no terminal is as wide."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its title, how wide it may be, and how it gives way to others."""

    title: str
    min_width: int
    """Cells below which it is of no use, if it holds that much."""
    max_width: int
    """Cells above which it needs no more."""
    drop: int = 0
    """Where there is no room the column with the highest number goes first; 0 stays always."""
    cut: Literal["end", "middle", "path", "name", "left"] = "end"
    """Where a text that is too long loses letters: `path` keeps the end, `name` numbers too.

    `left` is set against the right edge."""
    fair: int = 0
    """Cells that it gets of the room there is before any column gets all that its longest text needs."""


class Needs:
    """How wide the texts of each column are, in the rows seen so far: a column without any text needs no room."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self.widths: tuple[int, ...] = ()
        self.reset()

    def reset(self) -> None:
        """Forget the rows that were seen."""
        self.widths = (0,) * len(self._columns)

    def take(self, rows: Iterable[Sequence[str]]) -> bool:
        """Look at the texts of more rows; return whether a column needs more than was known."""
        before = self.widths
        for texts in rows:
            self.widths = tuple(
                width if width >= column.max_width else max(width, cell_len(clean(text)))
                for width, column, text in zip(self.widths, self._columns, texts, strict=True)
            )
        return self.widths != before


ASCENDING, DESCENDING = "▲", "▼"
"""Beside the title of the column that a table is sorted by."""


def marked(column: Column, descending: bool, room: int) -> Column:
    """Return the column that a table is sorted by with its mark: never left out, no wider than `room` if possible."""
    mark = DESCENDING if descending else ASCENDING
    title = f"{mark}{column.title}" if column.cut == "left" else f"{column.title}{mark}"
    min_width = max(min(column.min_width, room), len(title))
    return replace(column, title=title, min_width=min_width, max_width=max(column.max_width, len(title)), drop=0)


@lru_cache(maxsize=256)
def lay_out(columns: tuple[Column, ...], width: int, needs: tuple[int, ...] | None = None) -> tuple[int, ...]:
    """Return the width of each column in cells, 0 for one that is dropped.

    Their sum exceeds `width` if even the rest does not fit.  `needs` are the cells that the texts of each column take;
    while no row is known each takes as much as it may.
    """
    if needs is None or not any(needs):
        needs = tuple(column.max_width for column in columns)
    wants = {column: _wanted(column, need) for column, need in zip(columns, needs, strict=True)}
    min_width = {column: min(column.min_width, want) for column, want in wants.items()}
    kept = [column for column in columns if wants[column]]

    def needed() -> int:
        return sum(min_width[column] for column in kept) + GAP * (len(kept) - 1)

    while needed() > width and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    spare = max(width - needed(), 0)
    widths = {column: min_width[column] for column in kept}
    first = sorted(kept, key=lambda column: column.drop)  # what stays longest matters most
    for column, limit in [*((each, each.fair) for each in first), *((each, width) for each in first)]:
        more = min(max(min(wants[column], limit) - widths[column], 0), spare)
        widths[column] += more
        spare -= more
    return tuple(widths.get(column, 0) for column in columns)


def _wanted(column: Column, need: int) -> int:
    """The cells that a column can use; the title counts where there is a text below it."""
    if not need and column.drop:
        return 0
    return min(max(need, cell_len(column.title)), column.max_width)


def cell(text: str, column: Column, width: int) -> str:
    """Return text from anywhere, made safe and exactly `width` cells wide."""
    return FITTED[column.cut](clean(text), width)


def row_of(
    columns: Sequence[Column], widths: Sequence[int], texts: Iterable[str], styles: Iterable[Style | None]
) -> list[Segment]:
    """Return one line of the table; dropped columns are left out."""
    shown = [
        (cell(text, column, width), style)
        for column, width, text, style in zip(columns, widths, texts, styles, strict=True)
        if width
    ]
    last = len(shown) - 1  # few segments make a line quick to draw: a gap goes with the cell before it
    return [Segment(text if index == last else text + " " * GAP, style) for index, (text, style) in enumerate(shown)]


def header_of(columns: Sequence[Column], widths: Sequence[int]) -> list[Segment]:
    """Return the line of titles, set as the columns are."""
    return row_of(columns, widths, (column.title for column in columns), [None] * len(columns))
