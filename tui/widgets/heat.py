"""Drawing a heat map in text: two matrix rows a line in half blocks, or signs and shades where colours cannot be mixed.

Pure functions from the engine's reduced matrix to segments; asks nothing and owns no widget.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby

from rich.segment import Segment

from models.messages import HeatCells
from tui.digits import short
from tui.widgets.palette import LEVELS, Palette, strength

SHADES = " ░▒▓█"
LARGEST = 8
"""A cell of a small matrix is drawn at most this many half lines high."""
LOUD = "!"


def room(width: int, height: int, mixes: bool) -> tuple[int, int]:
    """Rows and columns of a matrix that fit into `height` lines of `width` characters."""
    return (max(height * 2, 1), max(width, 1)) if mixes else (max(height, 1), max(width // 2, 1))


def scale_of(cells: HeatCells) -> float:
    """The largest finite magnitude: the end of the colour scale; 0.0 when there is none."""
    return max((abs(value) for value in cells.values if math.isfinite(value)), default=0.0)


def picture(cells: HeatCells, palette: Palette, width: int, height: int) -> list[list[Segment]]:
    """The matrix as at most `height` lines of at most `width` characters; small ones are drawn in larger squares."""
    rows, columns = room(width, height, palette.mixes)
    if not cells.height or not cells.width:
        return []
    size = max(1, min(columns // cells.width, LARGEST))
    tall = max(1, min(rows // cells.height, size if cells.height > 1 else max(size, 4)))
    size = min(size, tall) if cells.height > 1 else size
    lines = [cells.values[start : start + cells.width] for start in range(0, len(cells.values), cells.width)]
    spread = [line for line in lines for _ in range(tall)]
    scale = scale_of(cells)
    if palette.mixes:
        return [_half_blocks(spread[y : y + 2], size, palette, scale) for y in range(0, len(spread), 2)]
    return [_shades(line, size, palette, scale) for line in spread]


def _half_blocks(pair: list[list[float]], size: int, palette: Palette, scale: float) -> list[Segment]:
    upper, lower = pair[0], pair[1] if len(pair) == 2 else None
    styles = [palette.pair(value, lower[index] if lower else 0.0, scale) for index, value in enumerate(upper)]
    return [Segment("▀" * size * len(list(run)), style) for style, run in groupby(styles)]


def _shades(line: list[float], size: int, palette: Palette, scale: float) -> list[Segment]:
    return [Segment(shade(value, scale) * size, palette.text(value, scale)) for value in line]


def shade(value: float, scale: float) -> str:
    """Two characters: the sign, and the strength as a shade."""
    if not math.isfinite(value):
        return LOUD * 2
    level = strength(value, scale)
    return ("-" if value < 0 else " ") + SHADES[-(-level * (len(SHADES) - 1) // LEVELS)]


def legend(cells: HeatCells, palette: Palette) -> list[Segment]:
    """One line: least, zero and greatest with their colours, how many entries a cell stands for, and what is loud."""
    scale = scale_of(cells)
    finite = [value for value in cells.values if math.isfinite(value)]
    segments = []
    if finite and scale:
        low, high = min(*finite, 0.0), max(*finite, 0.0)
        segments += [Segment(f"{short(low)} ", palette.text(low, scale)), *_ramp(low, palette, scale)]
        segments += [Segment(" 0 ", palette.faint), *_ramp(high, palette, scale)]
        segments.append(Segment(f" {short(high)}", palette.text(high, scale)))
    elif finite:
        segments.append(Segment("every entry is 0", palette.faint))
    if len(finite) < len(cells.values):
        loud = "▀▀" if palette.mixes else LOUD * 2
        segments += [Segment("  "), Segment(f"{loud} NaN or infinite", palette.loud)]
    down, across = cells.block
    if cells.block != (1, 1):
        segments.append(Segment(f"   each |max| of {down}×{across}", palette.faint))
    return segments


def _ramp(end: float, palette: Palette, scale: float) -> Iterator[Segment]:
    """Strengths from `end` to zero for a negative end, from zero to `end` for a positive one."""
    steps = 6 if palette.mixes else len(SHADES) - 1
    parts = range(steps, 0, -1) if end < 0 else range(1, steps + 1)
    for part in parts if end else ():
        value = end * part / steps
        if palette.mixes:
            yield Segment("▀", palette.pair(value, value, scale))
        else:
            yield Segment(shade(value, scale), palette.text(value, scale))
