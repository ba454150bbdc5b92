"""What stands in the columns of the table of tensors: facts of each tensor, or its statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from models.messages import TensorOrder, TensorRow
from tui import numbers
from tui.digits import short
from tui.widgets.columns import GAP, Column
from tui.widgets.marks import WIDTH, marks_of

GRADIENT = {"": "", "none": "none yet", "zero": "zero", "value": "yes"}
ASCENDING, DESCENDING = "▲", "▼"
"""Beside the title of the column that the table is sorted by."""
NOT_TAKEN = "·"
"""A statistic that nobody asked for yet; it is not 0."""
USUAL = 7
"""Cells of most statistics: the columns should not move when they come."""
DIGITS = 3
NAME_LEAST, NAME_GOOD = 12, 36
"""Cells of the name in a narrow and in a wide table, below which other columns give way to it."""
FOR_FACTS, FOR_STATISTICS = 0.62, 0.4
"""Of the table, what the name may claim before other columns."""


@dataclass(frozen=True)
class Field:
    """One column: how wide, what it says of a tensor, and what sorting by it is called."""

    column: Column
    text: Callable[[TensorRow], str]
    order: TensorOrder | None = None
    """None where sorting by it would make no sense."""
    quiet: bool = False
    """Less important than the others."""
    alarm: bool = False
    """Anything but 0 asks for attention."""


def _statistic(name: str, order: TensorOrder, drop: int) -> Field:
    def text(row: TensorRow) -> str:
        if row.statistics is None:
            return NOT_TAKEN.rjust(USUAL)
        return short(getattr(row.statistics, order), DIGITS) or "none"

    return Field(Column(name, 10, 10, drop=drop, cut="left"), text, order)


def _count(name: str, order: TensorOrder, drop: int, alarm: bool = False) -> Field:
    def text(row: TensorRow) -> str:
        return NOT_TAKEN if row.statistics is None else numbers.count(getattr(row.statistics, order))

    return Field(Column(name, 9, 9, drop=drop, cut="left"), text, order, alarm=alarm)


def _gradient(row: TensorRow) -> str:
    return "frozen" if row.frozen and row.kind == "parameter" else GRADIENT[row.gradient]


def _marks(row: TensorRow) -> str:
    marks = marks_of(row)
    return marks if marks.strip() else ""


NAME = Field(Column("tensor", NAME_LEAST, 60, cut="path"), lambda row: row.path, "name")
FACTS = (
    NAME,
    Field(Column("kind", 9, 9, drop=6), lambda row: row.kind, quiet=True),
    Field(Column("shape", 18, 24, drop=1), lambda row: row.shape, "shape"),
    Field(Column("dtype", 8, 13, drop=4), lambda row: row.dtype, "dtype", quiet=True),
    Field(Column("entries", 7, 9, drop=3, cut="left"), lambda row: numbers.count(row.parameters), "elements"),
    Field(Column("bytes", 8, 9, drop=5, cut="left"), lambda row: numbers.size(row.bytes), "bytes", quiet=True),
    Field(Column("gradient", 8, 8, drop=2), _gradient, quiet=True),
    Field(Column("place", 20, 48, drop=8, cut="middle"), lambda row: row.place, "place", quiet=True),
    Field(Column("marks", WIDTH + 1, WIDTH + 1, drop=7), _marks),
)
STATISTICS = (
    NAME,
    Field(Column("shape", 10, 24, drop=9), lambda row: row.shape, "shape", quiet=True),
    _statistic("min", "minimum", 1),
    _statistic("max", "maximum", 2),
    _statistic("mean", "mean", 4),
    _statistic("std", "std", 5),
    _statistic("l2", "l2", 8),
    _count("zeros", "zeros", 7),
    _count("NaN", "nan", 3, alarm=True),
    _count("inf", "inf", 6, alarm=True),
)


@lru_cache(maxsize=64)
def columns_of(
    fields: tuple[Field, ...], width: int, order: TensorOrder = "tree", descending: bool = False
) -> tuple[Column, ...]:
    """The columns for a table `width` cells wide; the one that it is sorted by is marked, and never left out."""
    share = FOR_STATISTICS if fields is STATISTICS else FOR_FACTS
    least = max(NAME_LEAST, min(NAME_GOOD, int(width * share)))
    columns = [replace(fields[0].column, least=least), *(field.column for field in fields[1:])]
    for index, field in enumerate(fields):
        if field.order == order:
            room = width - (least + GAP if index else 0)
            columns[index] = _marked(columns[index], DESCENDING if descending else ASCENDING, room)
    return tuple(columns)


def title_of(order: TensorOrder, descending: bool) -> str:
    """What the table is sorted by, in a word or two; empty for the tree's own order."""
    if order == "tree":
        return "last one first" if descending else ""
    title = next(field.column.title for field in (*FACTS, *STATISTICS) if field.order == order)
    return f"by {title} {DESCENDING if descending else ASCENDING}"


def _marked(column: Column, mark: str, room: int) -> Column:
    """With a mark, and no wider than `room` where that is enough for its title."""
    title = f"{mark}{column.title}" if column.cut == "left" else f"{column.title}{mark}"
    least = max(min(column.least, room), len(title))
    return replace(column, title=title, least=least, most=max(column.most, len(title)), drop=0)
