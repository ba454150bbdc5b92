"""What stands in the columns of the table of calls: sets on shapes, on values that came out, on costs, on gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from models.messages import CallOrder, CallRow, Ranged, RunTotals
from tui import numbers
from tui.cell_format import short
from tui.widgets.lists.columns import ASCENDING, DESCENDING, LEVEL_LIMIT, Column
from tui.widgets.lists.fields import CellLook, Field
from tui.widgets.lists.shares import percent, share_bar

DIGITS = 3
BAR = 6
"""Cells of the bar of a share."""


@dataclass(frozen=True)
class CallField(Field[CallRow]):
    """One column: how wide, what it says of a call, how that looks, and what sorting by it is called."""

    order: CallOrder | None = None
    """None where sorting by it would make no sense."""


@dataclass(frozen=True)
class CallView:
    """One set of columns."""

    name: str
    called: tuple[CallField, ...]
    """What was called; a failed call fills these like others."""
    outcome: Callable[[RunTotals], tuple[CallField, ...]]
    """What came of it; the error of a failed call takes their room."""


MARKS = {"open": "▾ ", "closed": "▸ ", "": "  "}
"""Before the name of what can be folded, in an outline."""


def operation_text(row: CallRow, step: int = 2) -> str:
    """Return the operation of a call, `step` cells further in for each level."""
    if row.level is None:
        return " " * step * min(row.depth, LEVEL_LIMIT) + row.op
    return " " * step * min(row.level, LEVEL_LIMIT) + MARKS[row.fold] + row.op


def _operation_look(row: CallRow) -> CellLook:
    return "strong" if row.kind == "module" else ""


def _reads(row: CallRow) -> str:
    return ", ".join(path.removeprefix(f"{row.module}.") for path in row.tensors)


def _times(row: CallRow) -> str:
    return f"×{row.repeat}" if row.repeat > 1 else ""


def _spans(numbers_of: Ranged, text: Callable[[float], str], each: str = "{}") -> str:
    """Return the least and the largest of several numbers as text; empty where they read the same."""
    if numbers_of is None or text(numbers_of[0]) == text(numbers_of[1]):
        return ""
    return each.format(f"{text(numbers_of[0])}–{text(numbers_of[1])}")


def note_of(row: CallRow) -> str:
    """Return what is remarkable about a row; of layers that are alike what differs between them comes first."""
    ranges = row.ranges
    if ranges is None:
        return row.remark()
    spans = (
        _spans(ranges.seconds, numbers.duration, "{} each"),
        _spans(ranges.rows, percent, "rows {} apart"),
        _spans(ranges.std, _three, "std {}"),
        _spans(ranges.norm, _three, "gradient {}"),
    )
    varied = ", ".join(filter(None, spans))
    return "; ".join(filter(None, [f"{row.alike} alike: {varied}" if varied else f"{row.alike} alike", row.remark()]))


def _three(number: float) -> str:
    return short(number, DIGITS)


INDEX = Column("#", 4, 6, drop=6, cut="left")
"""Stands before the others; it says which row this is."""
MODULE = CallField(
    Column("module", 10, 44, cut="name", fair=30), lambda row: row.module or "(root)", look="dim", order="module"
)
OPERATION = CallField(Column("operation", 18, 36, fair=24), operation_text, look=_operation_look, order="op")
INPUTS = CallField(Column("inputs", 14, 36, drop=1), lambda row: ", ".join(row.inputs))
OUTPUT = CallField(Column("output", 14, 24, drop=9), lambda row: row.output, look="dim")
TIMES = CallField(Column("times", 5, 6, drop=8, cut="left"), _times, look="strong", order="repeat")
AT = CallField(Column("at", 10, 32, drop=2, cut="middle", fair=24), lambda row: row.where, look="dim", order="where")
NOTE = CallField(Column("note", 9, 60, drop=10), note_of, look="strong")


def _shapes(whole: RunTotals) -> tuple[CallField, ...]:
    return (
        CallField(Column("output", 14, 24), lambda row: row.output),
        CallField(Column("reads", 10, 48, drop=5, cut="middle"), _reads, look="dim"),
        AT,
        replace(TIMES, column=replace(TIMES.column, drop=3)),
        CallField(
            Column("took", 7, 9, drop=4, cut="left"),
            lambda row: numbers.duration(row.seconds),
            look="dim",
            order="seconds",
        ),
        CallField(Column("note", 9, 60, drop=7), note_of, look="strong"),
    )


def _statistic(name: CallOrder, drop: int) -> CallField:
    def text(row: CallRow) -> str:
        return "" if row.statistics is None else short(getattr(row.statistics, name), DIGITS)

    return CallField(Column(name, 7, 10, drop=drop, cut="left"), text, order=name)


def _zeros(row: CallRow) -> str:
    return "" if row.statistics is None else percent(row.statistics.zeros)


def _rows(row: CallRow) -> str:
    if row.ranges is not None and (text := _spans(row.ranges.rows, percent)):
        return text
    return "" if row.statistics is None or row.statistics.rows is None else percent(row.statistics.rows)


def _count(name: CallOrder, drop: int) -> CallField:
    def text(row: CallRow) -> str:
        return "" if row.statistics is None else numbers.count(getattr(row.statistics, name))

    def look(row: CallRow) -> CellLook:
        return "problem" if text(row) not in ("", "0") else "dim"

    return CallField(Column("NaN" if name == "nan" else name, 4, 9, drop=drop, cut="left"), text, look, name)


def _values(whole: RunTotals) -> tuple[CallField, ...]:
    return (
        OUTPUT,
        TIMES,
        _statistic("min", 2),
        _statistic("max", 1),
        _statistic("mean", 4),
        _statistic("std", 3),
        CallField(Column("zeros", 5, 6, drop=6, cut="left"), _zeros, order="zeros"),
        CallField(Column("rows apart", 10, 10, drop=5, cut="left"), _rows, order="rows"),
        _count("nan", 6),
        _count("inf", 7),
        NOTE,
    )


def _seconds(name: str, order: CallOrder, column: Column, look: CellLook = "") -> CallField:
    def text(row: CallRow) -> str:
        return numbers.duration(getattr(row, name))

    return CallField(column, text, look, order)


def _size(name: CallOrder, column: Column) -> CallField:
    def text(row: CallRow) -> str:
        number: int | None = getattr(row, name)
        return "" if number is None else numbers.size(number)

    return CallField(column, text, "" if name == "peak" else "dim", name)


def _costs(whole: RunTotals) -> tuple[CallField, ...]:
    times = (
        _seconds("self_seconds", "self_seconds", Column("own time", 8, 9, drop=1, cut="left")),
        _part("self_seconds", whole.seconds, 2),
        _seconds("seconds", "seconds", Column("took", 7, 9, drop=8, cut="left"), "dim"),
    )
    return (
        OUTPUT,
        TIMES,
        *(() if whole.dry else times),
        CallField(Column("FLOPs", 7, 11, drop=3, cut="left"), _flops, order="flops"),
        _part("flops", whole.flops, 6),
        CallField(
            Column("elementwise", 11, 11, drop=7 if whole.dry else 9, cut="left"), _elementwise, "dim", "elementwise"
        ),
        _size("bytes", Column("bytes out", 9, 10, drop=4, cut="left")),
        _size("kept", Column("kept", 8, 10, drop=5, cut="left")),
        *(() if whole.kept is None else (_part("kept", whole.kept, 11),)),
        *(() if whole.peak is None else _peak(whole)),
        NOTE,
    )


def _peak(whole: RunTotals) -> tuple[CallField, ...]:
    """Return the columns of memory in use; of a run with values they give way to its times."""
    first, second = (4, 5) if whole.dry else (7, 12)
    return _size("peak", Column("peak", 8, 10, drop=first, cut="left")), _part("peak", whole.peak, second)


def _part(name: str, whole: float | None, drop: int) -> CallField:
    """Return a column of bars: what part of the run's a figure of the calls is."""

    def text(row: CallRow) -> str:
        return share_bar(getattr(row, name), whole, BAR)

    return CallField(Column("of all", 5 + BAR, 5 + BAR, drop=drop), text)


def _gradients(whole: RunTotals) -> tuple[CallField, ...]:
    return (
        OUTPUT,
        TIMES,
        CallField(Column("gradient", 9, 10, drop=1, cut="left"), lambda row: _norm(row, "norm"), _norm_look, "norm"),
        CallField(
            Column("from", 8, 9, drop=5, cut="left"), lambda row: _norm(row, "min") if row.repeat > 1 else "", "dim"
        ),
        CallField(
            Column("to", 8, 9, drop=6, cut="left"), lambda row: _norm(row, "max") if row.repeat > 1 else "", "dim"
        ),
        CallField(Column("back took", 9, 9, drop=3, cut="left"), _back_took, order="backward"),
        CallField(Column("made", 8, 8, drop=2), lambda row: row.backward.nonfinite if row.backward else "", "problem"),
        replace(AT, column=replace(AT.column, drop=7)),
        NOTE,
    )


def _norm(row: CallRow, name: str) -> str:
    return "" if row.backward is None else short(getattr(row.backward, name), DIGITS)


def _end(row: CallRow, name: str) -> str:
    return _norm(row, name) if row.repeat > 1 else ""


def _norm_look(row: CallRow) -> CellLook:
    norm = None if row.backward is None else row.backward.norm
    return "problem" if norm is not None and not math.isfinite(norm) else ""


def _back_took(row: CallRow) -> str:
    return "" if row.backward is None else numbers.duration(row.backward.seconds)


def _flops(row: CallRow) -> str:
    is_over = row.seconds is not None or row.peak is not None
    return "not counted" if row.flops is None and is_over else _counted(row.flops)


def _counted(number: int | None) -> str:
    return "" if number is None else numbers.count(number)


def _elementwise(row: CallRow) -> str:
    return _counted(row.elementwise)


COSTS = CallView("costs", (MODULE, OPERATION), _costs)
VIEWS = (
    CallView("shapes", (MODULE, OPERATION, INPUTS), _shapes),
    CallView("values", (MODULE, OPERATION), _values),
    COSTS,
    CallView("gradients", (MODULE, OPERATION), _gradients),
)  # fmt: skip


LARGEST_FIRST = frozenset(
    (
        *("repeat", "seconds", "self_seconds", "flops", "elementwise", "bytes", "kept", "max", "std", "zeros"),
        *("nan", "inf", "nonfinite", "norm", "backward", "severity", "relative", "max_abs", "grew"),
    )
)
"""Orders of which the other end is seldom wanted."""
_TITLES = {
    "severity": "A to B",
    "max_abs": "max",
    "run": "the order of execution",
    "rows": "rows apart",
    "nan": "NaN",
    "op": "operation",
    "where": "line",
}


def title_of(order: CallOrder, descending: bool) -> str:
    """Return what the table is sorted by, in a few words; empty for the order of execution."""
    if order == "run":
        return "last one first" if descending else ""
    named = (field for view in VIEWS for field in (*view.called, *view.outcome(RunTotals())) if field.order == order)
    found = next(named, None)
    title = _TITLES.get(order) or (order if found is None else found.column.title)
    return f"by {title} {DESCENDING if descending else ASCENDING}"
