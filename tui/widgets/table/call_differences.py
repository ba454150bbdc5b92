"""The columns of the table of calls that say how two runs differ."""

from __future__ import annotations

from dataclasses import replace

from models.messages import CallDifference, CallRow, CallStatus, RunTotals
from tui.cell_format import short
from tui.widgets.lists.columns import Column
from tui.widgets.lists.fields import CellLook
from tui.widgets.lists.shares import bar_of
from tui.widgets.table.call_columns import AT, MODULE, NOTE, OPERATION, OUTPUT, CallField, CallView

FIRST = "▶ "
"""Before the result of the first call that differs."""
NOT_COMPARED = "·"
"""What is not known yet; it is not 0."""
DIGITS = 3
BAR = 4
"""Cells of the bar of a relative difference."""
WORDS: dict[CallStatus, str] = {
    "": NOT_COMPARED,
    "equal": "equal",
    "alike": "alike",
    "close": "close",
    "changed": "changed",
    "dtype": "dtype",
    "shape": "shape",
    "only_a": "only in A",
    "only_b": "only in B",
    "unreadable": "not compared",
}


def result_text(found: CallDifference) -> str:
    """Return what came of comparing a call, in a few words."""
    if found.status == "dtype" and "→" in found.text:
        text = f"→ {found.text.rpartition('→')[2].strip()}"  # that of A is known
    elif found.status == "shape" and found.text:
        text = found.text
    elif not found.status and found.text:
        text = ""  # nothing to compare
    elif found.by_statistics and found.differs:
        text = "statistics"
    else:
        text = WORDS[found.status]
    return FIRST + text if found.first else "  " + text if text else ""


def relative_text(found: CallDifference) -> str:
    """Return the relative difference behind a bar on a logarithmic scale, in a fixed number of cells."""
    if found.nonfinite:
        text = "NaN, inf"
    elif found.relative is None:
        text = "from 0" if found.max_abs else ""
    else:
        text = f"{'~' * (found.sampled and found.relative > 0)}{short(found.relative, DIGITS)}"
    bar = "" if found.share is None else bar_of(found.share, BAR)
    return f"{bar:<{BAR}} {text:>8}" if text else ""


def _result(row: CallRow) -> str:
    return f"  {NOT_COMPARED}" if row.difference is None else result_text(row.difference)


def _result_look(row: CallRow) -> CellLook:
    found = row.difference
    if found is None:
        return ""
    return "problem" if found.first else "strong" if found.differs else "dim"


def _relative(row: CallRow) -> str:
    return "" if row.difference is None else relative_text(row.difference)


def _largest(row: CallRow) -> str:
    return "" if row.difference is None else short(row.difference.max_abs, DIGITS)


def _grew(row: CallRow) -> str:
    found = row.difference
    return "" if found is None or found.grew is None else f"×{short(found.grew, DIGITS)}"


def _note(row: CallRow) -> str:
    found = row.difference
    about = "" if found is None or found.status in ("dtype", "shape", "") else found.text
    return "; ".join(filter(None, [about, row.remark()]))


def _differences(whole: RunTotals) -> tuple[CallField, ...]:
    return (
        CallField(Column("A to B", 12, 22), _result, _result_look, "severity"),
        CallField(Column("relative", 9 + BAR, 9 + BAR, drop=3, cut="left"), _relative, order="relative"),
        CallField(Column("max", 8, 9, drop=4, cut="left"), _largest, order="max_abs"),
        CallField(Column("grew", 6, 8, drop=5, cut="left"), _grew, order="grew"),
        replace(OUTPUT, column=replace(OUTPUT.column, drop=8)),
        replace(AT, column=replace(AT.column, drop=6)),
        replace(NOTE, column=replace(NOTE.column, drop=9), text=_note),
    )


DIFFERENCES = CallView("differences", (MODULE, OPERATION), _differences)
"""The set of columns of two runs that are compared."""
