"""The table of tensors as text for other programs: CSV for spreadsheets, Markdown for reports and issues.

Names come from files: none can become a formula of a spreadsheet, another cell or another row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from models.messages import TensorRow
from tui.text import clean

TextFormat = Literal["csv", "md"]
"""As the ending of a file's name."""
FACTS = ("tensor", "kind", "shape", "dtype", "elements", "bytes", "device", "place", "shared with")
STATISTICS = (
    ("min", "minimum"), ("max", "maximum"), ("absmax", "absmax"), ("mean", "mean"), ("std", "std"), ("l2", "l2"),
    ("zeros", "zeros"), ("nan", "nan"), ("inf", "inf"),
)  # fmt: skip
"""Titles of statistics, and the field of `Brief` that each shows."""
DIFFERENCES = ("A to B", "relative l2", "max |a-b|", "cosine", "largest at", "differing NaN or inf")
"""Titles of what is known of the difference from another."""
NUMBERS = ("elements", "bytes", *(title for title, _ in STATISTICS), *DIFFERENCES[1:4], DIFFERENCES[5])
LONGEST = 4_000
"""Characters of one cell."""
_FORMULA = re.compile(r"\s*[=+\-@|%]")
"""What a spreadsheet may take for the beginning of a formula."""

Cell = str | int | float | None


def table_text(rows: Sequence[TensorRow], kind: TextFormat) -> str:
    """Return the rows with a line of titles: all facts, then differences and statistics where any are known."""
    known = any(row.statistics is not None for row in rows)
    compared = any(row.difference is not None for row in rows)
    titles = [*FACTS, *(DIFFERENCES if compared else ()), *(title for title, _ in STATISTICS if known)]
    cells = ([*_facts(row), *(_difference(row) if compared else ()), *_statistics(row, known)] for row in rows)
    return _as_csv(titles, cells) if kind == "csv" else _as_markdown(titles, cells)


def _facts(row: TensorRow) -> list[Cell]:
    return [
        row.path, row.kind, row.shape, row.dtype, row.parameters, row.bytes, row.device, row.place,
        ", ".join(row.shared_with),
    ]  # fmt: skip


def _difference(row: TensorRow) -> list[Cell]:
    found = row.difference
    if found is None or not found.status:
        return [None] * len(DIFFERENCES)
    index = "" if found.index is None else str(found.index)
    return [found.status, found.relative_l2, found.max_abs, found.cosine, index, found.nonfinite]


def _statistics(row: TensorRow, known: bool) -> list[Cell]:
    brief = row.statistics
    return [None if brief is None else getattr(brief, field) for _, field in STATISTICS if known]


def _as_csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _csv_cell(cell: Cell) -> str:
    if not isinstance(cell, str):
        return _number(cell)
    shown = clean(cell, LONGEST)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def _as_markdown(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    lines = [_line(titles), _line(["---:" if title in NUMBERS else "---" for title in titles])]
    lines += [_line([_markdown_cell(cell) for cell in row]) for row in rows]
    return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(cell: Cell) -> str:
    """Return a cell in which no character means anything: neither a cell's end, nor emphasis, a link or HTML."""
    if not isinstance(cell, str):
        return _number(cell)
    return re.sub(r"([\\`*_{}\[\]<>#|!~&])", r"\\\1", clean(cell, LONGEST))


def _number(cell: float | None) -> str:
    return "" if cell is None else repr(cell)
