"""What stands in the columns of the table of tensors: facts of each tensor, its statistics, or how it differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from models.messages import RowDifference, TensorOrder, TensorRow
from tui import numbers
from tui.cell_format import short
from tui.widgets.lists.columns import ASCENDING, DESCENDING, GAP, Column, marked
from tui.widgets.lists.differences import BAR, LOUD, NOT_COMPARED, WORDS, number_text, relative_bar
from tui.widgets.lists.fields import CellLook, Field
from tui.widgets.lists.flags import WIDTH, flags_of

GRADIENT = {"": "", "none": "none yet", "unreached": "none", "zero": "zero", "value": "yes"}
NOT_TAKEN = "·"
"""A statistic that nobody asked for yet; it is not 0."""
USUAL = 7
"""Cells of most statistics: the columns should not move when they come."""
DIGITS = 3
NAME_MIN, NAME_GOOD = 12, 36
"""Cells of the name in a narrow and in a wide table, below which other columns give way to it."""
NAME_SHARE = 0.4
"""Of the table, what the name may claim before other columns: a cut name still says which tensor it is."""


@dataclass(frozen=True)
class TensorField(Field[TensorRow]):
    """One column: how wide, what it says of a tensor, how that looks, and what sorting by it is called."""

    order: TensorOrder | None = None
    """None where sorting by it would make no sense."""


def _statistic(name: str, order: TensorOrder, drop: int) -> TensorField:
    def text(row: TensorRow) -> str:
        if row.statistics is None:
            return NOT_TAKEN.rjust(USUAL)
        return short(getattr(row.statistics, order), DIGITS) or "none"

    return TensorField(Column(name, 10, 10, drop=drop, cut="left"), text, _not_taken, order)


def _count(name: str, order: TensorOrder, drop: int, alarm: bool = False) -> TensorField:
    """Return the column of a count; with `alarm` anything but 0 asks for attention."""

    def text(row: TensorRow) -> str:
        return NOT_TAKEN if row.statistics is None else numbers.count(getattr(row.statistics, order))

    def look(row: TensorRow) -> CellLook:
        return _not_taken(row) or ("problem" if alarm and text(row) != "0" else "")

    return TensorField(Column(name, 9, 9, drop=drop, cut="left"), text, look, order)


def _not_taken(row: TensorRow) -> CellLook:
    return "dim" if row.statistics is None else ""


def _gradient(row: TensorRow) -> str:
    return "frozen" if row.frozen and row.kind == "parameter" else GRADIENT[row.gradient]


def _flags(row: TensorRow) -> str:
    flags = flags_of(row)
    return flags if flags.strip() else ""


NAME = TensorField(Column("tensor", NAME_MIN, 160, cut="name"), lambda row: row.path, look="strong", order="name")
FACTS = (
    NAME,
    TensorField(Column("kind", 9, 9, drop=6), lambda row: row.kind, look="dim"),
    TensorField(Column("shape", 18, 24, drop=1), lambda row: row.shape, order="shape"),
    TensorField(Column("dtype", 8, 13, drop=4), lambda row: row.dtype, look="dim", order="dtype"),
    TensorField(
        Column("elements", 8, 9, drop=3, cut="left"), lambda row: numbers.count(row.parameters), order="elements"
    ),
    TensorField(
        Column("bytes", 8, 9, drop=5, cut="left"), lambda row: numbers.size(row.bytes), look="dim", order="bytes"
    ),
    TensorField(Column("gradient", 8, 8, drop=2), _gradient, look="dim"),
    TensorField(Column("place", 20, 48, drop=8, cut="middle"), lambda row: row.place, look="dim", order="place"),
    TensorField(Column("marks", WIDTH + 1, WIDTH + 1, drop=7), _flags),
)
STATISTICS = (
    NAME,
    TensorField(Column("shape", 10, 24, drop=10), lambda row: row.shape, look="dim", order="shape"),
    _statistic("min", "minimum", 1),
    _statistic("max", "maximum", 2),
    _statistic("|max|", "absmax", 8),
    _statistic("mean", "mean", 4),
    _statistic("std", "std", 5),
    _statistic("l2", "l2", 9),
    _count("zeros", "zeros", 7),
    _count("NaN", "nan", 3, alarm=True),
    _count("inf", "inf", 6, alarm=True),
)


def _difference(
    title: str, text: Callable[[RowDifference], str], order: TensorOrder, width: int, drop: int
) -> TensorField:
    def of_row(row: TensorRow) -> str:
        return NOT_COMPARED if row.difference is None or not row.difference.status else text(row.difference)

    def look(row: TensorRow) -> CellLook:
        return "" if row.difference is not None and row.difference.status not in ("", "equal", "close") else "dim"

    return TensorField(Column(title, width, width, drop=drop, cut="left"), of_row, look, order)


def _status(row: TensorRow) -> str:
    return NOT_COMPARED if row.difference is None else WORDS[row.difference.status]


def _status_look(row: TensorRow) -> CellLook:
    status = "" if row.difference is None else row.difference.status
    return "problem" if status in LOUD else "strong" if status == "changed" else "dim"


def _largest_at(row: TensorRow) -> str:
    index = None if row.difference is None else row.difference.index
    return "" if index is None else str(index)


DIFFERENCES = (
    NAME,
    TensorField(Column("A to B", 10, 10, drop=1), _status, _status_look, "severity"),
    _difference("relative", relative_bar, "how_much", 9 + BAR, 2),
    _difference("max", lambda found: number_text(found.max_abs), "max_abs", 9, 3),
    _difference("cosine", lambda found: number_text(found.cosine), "cosine", 9, 5),
    TensorField(Column("largest at", 10, 20, drop=6), _largest_at, look="dim"),
    TensorField(Column("shape", 10, 30, drop=4), lambda row: row.shape, look="dim", order="shape"),
    TensorField(Column("dtype", 8, 24, drop=7), lambda row: row.dtype, look="dim", order="dtype"),
)
"""How both sides of a comparison differ."""


@lru_cache(maxsize=64)
def columns_of(
    fields: tuple[TensorField, ...], width: int, order: TensorOrder = "tree", descending: bool = False
) -> tuple[Column, ...]:
    """Return the columns for a table `width` cells wide; the one that it is sorted by is marked, and never left out."""
    min_width = max(NAME_MIN, min(NAME_GOOD, int(width * NAME_SHARE)))
    columns = [replace(fields[0].column, min_width=min_width), *(field.column for field in fields[1:])]
    for index, field in enumerate(fields):
        if field.order == order:
            room = width - (min_width + GAP if index else 0)
            columns[index] = marked(columns[index], descending, room)
    return tuple(columns)


def title_of(order: TensorOrder, descending: bool) -> str:
    """Return what the table is sorted by, in a word or two; empty for the tree's own order."""
    if order == "tree":
        return "last one first" if descending else ""
    title = next(field.column.title for field in (*FACTS, *STATISTICS, *DIFFERENCES) if field.order == order)
    return f"by {title} {DESCENDING if descending else ASCENDING}"
