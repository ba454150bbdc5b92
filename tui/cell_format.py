"""Numbers as text: aligned columns of a window of a tensor, and one number exactly.

The format of a column follows from the largest magnitude known so far (`CellFormat`), which only ever grows while one
tensor is shown, so that digits do not jump when new windows come in.  As torch prints: four decimals, scientific when
the magnitudes are very large or all small, whole numbers without a dot.  Unlike torch, one tiny entry among ordinary
ones does not turn the whole matrix scientific: it alone is written `1.2e-05`, and never as a false `0.0000`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

NumberKind = Literal["float", "int", "bool", "complex"]

DECIMALS = 4
LARGE = 1e5
"""From here on fixed notation would be mostly digits that nobody compares."""
SMALL = 1e-3
"""When nothing is larger than this, fixed notation would be mostly zeros."""


@dataclass(frozen=True)
class CellFormat:
    """How every cell of one tensor is written."""

    number: NumberKind = "float"
    biggest: int | float = 0.0
    """Largest finite magnitude known."""
    min_width: int = 0
    """Characters that a cell takes at least: columns that stand never move closer."""

    def widened(self, values: Iterable[int | float]) -> CellFormat:
        """Return this format, or the next one that has room for `values` as well."""
        biggest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
        return self if biggest <= self.biggest else CellFormat(self.number, biggest, self.width if self.biggest else 0)

    @cached_property
    def scientific(self) -> bool:
        """Return whether cells are written with an exponent."""
        return self.biggest >= LARGE or 0 < self.biggest < SMALL

    @cached_property
    def width(self) -> int:
        """Return the characters that the widest cell can take, sign included."""
        return max(self.min_width, self._needed)

    @property
    def _needed(self) -> int:
        if self.number == "bool":
            return len("False")
        if self.number == "int":
            return len(f"{-int(self.biggest)}")
        part = len(f"{-1.0:.{DECIMALS}e}") if self.scientific else max(len(f"{-self.biggest:.{DECIMALS}f}"), 8)
        return part * 2 + 1 if self.number == "complex" else part

    def text(self, value: int | float, imaginary: float = 0.0) -> str:
        """Return one element as text, not padded; `imaginary` counts for complex ones alone."""
        if self.number == "bool":
            return "True" if value else "False"
        if self.number == "int":
            return str(int(value))
        if self.number == "complex":
            second = self._float(float(imaginary))
            return f"{self._float(float(value))}{second if second.startswith('-') else '+' + second}j"
        return self._float(float(value))

    def cell(self, value: int | float, imaginary: float = 0.0) -> str:
        """Return one element as text, padded on the left to the width."""
        return self.text(value, imaginary).rjust(self.width)

    def _float(self, value: float) -> str:
        if not math.isfinite(value):
            return str(value)
        if self.scientific and value:
            return _power(value, DECIMALS)
        text = f"{value:.{DECIMALS}f}"
        return _power(value, 1) if value and not float(text) else text


def _power(value: float, decimals: int) -> str:
    """Scientific notation; an exponent of three digits takes the room of one decimal."""
    text = f"{value:.{decimals}e}"
    return text if text[-3] in "+-" else f"{value:.{decimals - 1}e}"


def format_cells(
    values: Sequence[int | float],
    number: NumberKind,
    imaginary: Sequence[float] = (),
    bounds: Iterable[float] = (),
) -> list[str]:
    """Return the elements of a window as strings of one width.

    `bounds` are numbers known of the whole tensor, such as its minimum and maximum: they take part in choosing the
    format, so that all windows of it look alike.
    """
    chosen = CellFormat(number).widened([*values, *imaginary, *bounds])
    parts = imaginary or [0.0] * len(values)
    return [chosen.cell(value, part) for value, part in zip(values, parts, strict=True)]


def exact(value: int | float, number: NumberKind, dtype: str = "float64", imaginary: float = 0.0) -> str:
    """Return one element with as few digits as set it apart from its neighbours in `dtype`."""
    if number == "bool":
        return str(bool(value))
    if number == "int":
        return str(int(value))
    if number == "complex":
        part = "float32" if dtype == "complex64" else "float64"
        second = exact(imaginary, "float", part)
        return f"{exact(value, 'float', part)}{second if second.startswith('-') else '+' + second}j"
    value = float(value)
    code = {"float64": "d", "float16": "e"}.get(dtype, "f")
    if code == "d" or not math.isfinite(value):
        return repr(value)
    for digits in range(1, 17):
        text = f"{value:.{digits}g}"
        if _rounded(float(text), code) == value:
            return text if "e" in text or "." in text else f"{text}.0"
    return repr(value)


def short(value: float | None, digits: int = 4) -> str:
    """Return a number for a line of text, with at most `digits` significant digits; nothing for None."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(value)
    return f"{value:.{digits}g}"


def _rounded(value: float, code: str) -> float:
    try:
        rounded: float = struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return math.inf
    return rounded
