"""A curve of numbers over steps as lines of blocks, on a linear scale or, where they span much, a logarithmic one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tui.cell_format import short
from tui.widgets.grid.statistics_bar import BLOCKS

SPAN = 50.0
"""Times that the largest number is the smallest from which on the scale is logarithmic."""
MARKS = " " + BLOCKS
BROKEN = "×"
"""Stands for a step whose number is NaN or infinite."""


class Curve(NamedTuple):
    """A curve, drawn."""

    lines: list[str]
    """From the top, each as wide as was asked for."""
    high: str
    """The number at the top, empty where there is none."""
    low: str
    """That at the bottom."""
    logarithmic: bool


def curve(values: Sequence[float], total: int, width: int, height: int) -> Curve:
    """Return a curve of `values`, the first of `total` that there will be, in `width` columns of `height` lines.

    A column stands for several steps where there are more than columns: for the last number among them.
    """
    columns = _columns(values, total, width) if width > 0 else []
    finite = [value for value in columns if value is not None and math.isfinite(value)]
    if not finite or height < 1:
        lines = [" " * width for _ in range(height)]
        return Curve(_with_broken(lines, columns), "", "", logarithmic=False)
    low, high = min(finite), max(finite)
    logarithmic = low > 0 and math.log(high) - math.log(low) > math.log(SPAN)
    bottom, top = (math.log(low), math.log(high)) if logarithmic else (low, high)
    levels = []
    for value in columns:
        if value is None or not math.isfinite(value):
            levels.append(0)
            continue
        at = math.log(value) if logarithmic else value
        share = (at / 2 - bottom / 2) / (top / 2 - bottom / 2) if top > bottom else 0.5  # halves do not overflow
        levels.append(1 + round(share * (height * 8 - 1)))
    lines = []
    for line in range(height):
        base = (height - 1 - line) * 8
        lines.append("".join(MARKS[min(max(level - base, 0), 8)] for level in levels))
    return Curve(_with_broken(lines, columns), short(high, 3), short(low, 3), logarithmic)


def _columns(values: Sequence[float], total: int, width: int) -> list[float | None]:
    """Return for each column the last value of its steps; None where there is none yet."""
    total = max(total, len(values), 1)
    columns = min(width, total)
    found: list[float | None] = []
    for column in range(columns):
        last = min((column + 1) * total // columns, len(values)) - 1
        found.append(values[last] if last >= column * total // columns else None)
    wide = width // columns
    return ([value for value in found for _ in range(wide)] + [None] * width)[:width]


def _with_broken(lines: list[str], columns: list[float | None]) -> list[str]:
    if lines and any(value is not None and not math.isfinite(value) for value in columns):
        broken = [value is not None and not math.isfinite(value) for value in columns]
        lines[-1] = "".join(BROKEN if bad else mark for bad, mark in zip(broken, lines[-1], strict=True))
    return lines
