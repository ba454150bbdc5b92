"""What stands in the columns of the table of tensors: facts of each tensor, or its statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.engine.messages import TensorOrder, TensorRow
from tui import numbers
from tui.digits import short
from tui.widgets.columns import Column
from tui.widgets.marks import WIDTH, marks_of

GRADIENT = {"": "", "none": "none yet", "zero": "zero", "value": "yes"}
ASCENDING, DESCENDING = "▲", "▼"
"""Beside the title of the column that the table is sorted by."""


@dataclass(frozen=True)
class Field:
    """One column: how wide, what it says of a tensor, and what sorting by it is called."""

    column: Column
    text: Callable[[TensorRow], str]
    order: TensorOrder | None = None
    """None where sorting by it would make no sense."""
    quiet: bool = False
    """Less important than the others."""


def _statistic(name: str, order: TensorOrder, drop: int) -> Field:
    def text(row: TensorRow) -> str:
        return "" if row.statistics is None else short(getattr(row.statistics, order)) or "none"

    return Field(Column(name, 9, 11, drop=drop, cut="left"), text, order)


def _count(name: str, order: TensorOrder, drop: int) -> Field:
    def text(row: TensorRow) -> str:
        return "" if row.statistics is None else numbers.count(getattr(row.statistics, order))

    return Field(Column(name, 6, 9, drop=drop, cut="left"), text, order)


def _gradient(row: TensorRow) -> str:
    return "frozen" if row.frozen and row.kind == "parameter" else GRADIENT[row.gradient]


def _marks(row: TensorRow) -> str:
    marks = marks_of(row)
    return marks if marks.strip() else ""


NAME = Field(Column("tensor", 24, 60, cut="middle"), lambda row: row.path, "name")
FACTS = (
    NAME,
    Field(Column("kind", 9, 9, drop=5), lambda row: row.kind, quiet=True),
    Field(Column("shape", 8, 24), lambda row: row.shape, "shape"),
    Field(Column("dtype", 8, 13, drop=3), lambda row: row.dtype, "dtype", quiet=True),
    Field(Column("entries", 7, 9, drop=2, cut="left"), lambda row: numbers.count(row.parameters), "elements"),
    Field(Column("bytes", 8, 9, drop=4, cut="left"), lambda row: numbers.size(row.bytes), "bytes", quiet=True),
    Field(Column("gradient", 8, 8, drop=1), _gradient, quiet=True),
    Field(Column("place", 12, 48, drop=7, cut="middle"), lambda row: row.place, "place", quiet=True),
    Field(Column("marks", WIDTH + 1, WIDTH + 1, drop=6), _marks),
)
STATISTICS = (
    NAME,
    Field(Column("shape", 8, 24, drop=8), lambda row: row.shape, "shape", quiet=True),
    _statistic("min", "minimum", 1),
    _statistic("max", "maximum", 1),
    _statistic("mean", "mean", 2),
    _statistic("std", "std", 2),
    _statistic("l2", "l2", 7),
    _count("zeros", "zeros", 6),
    _count("NaN", "nan", 3),
    _count("inf", "inf", 4),
)


def titled(column: Column, mark: str) -> Column:
    """The column with a mark beside its title."""
    return Column(
        f"{mark}{column.title}" if column.cut == "left" else f"{column.title}{mark}",
        column.least,
        max(column.most, len(column.title) + len(mark)),
        column.drop,
        column.cut,
    )
