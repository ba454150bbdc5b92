"""Drawing a heat map in text: two matrix rows a line in half blocks, or signs and shades where colours cannot be mixed.

Pure functions from a plan and a scale to segments; asks nothing and owns no widget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.cell_format import short
from tui.widgets.grid.heat_plan import HeatPlace, HeatPlan
from tui.widgets.grid.heat_scale import HeatScale
from tui.widgets.grid.palette import CURSOR, LEVELS, LOUD, CellColours

SHADES = " ░▒▓█"
ALARM = "!"
STEPS = 4
"""Levels that the legend shows at most, each with the magnitude that it reaches."""
BRACKETED = 3
"""Characters of a cell from which on the cursor is a pair of brackets in it."""
GAP = 2
"""Characters between two parts of the legend, and between two column indices."""


def picture(plan: HeatPlan, scale: HeatScale, palette: CellColours) -> list[list[Segment]]:
    """Return the lines of the picture, without the cursor."""
    rows = [_row(plan, scale, row) for row in range(plan.rows)]
    units = [rows[row] for row in range(plan.rows) for _ in range(plan.tops[row], plan.tops[row + 1])]
    if not palette.mixes:
        return [_shades(line, plan, palette) for line in units]
    blank: list[int | None] = [None] * plan.columns
    units += [blank] * (len(units) % 2)
    return [_half_blocks(units[at], units[at + 1], plan, palette) for at in range(0, len(units), 2)]


def _row(plan: HeatPlan, scale: HeatScale, row: int) -> list[int | None]:
    """The levels of a row of cells; None beyond the last one."""
    indices = (plan.index((row, column)) for column in range(plan.columns))
    return [None if index is None else scale.level(plan.cells.values[index]) for index in indices]


def _half_blocks(
    upper: Sequence[int | None], lower: Sequence[int | None], plan: HeatPlan, palette: CellColours
) -> list[Segment]:
    sizes = [plan.lefts[column + 1] - plan.lefts[column] for column in range(plan.columns)]
    styles = [palette.pair(above or 0, below or 0) for above, below in zip(upper, lower, strict=True)]
    cells = zip(styles, sizes, strict=True)
    return [
        Segment("▀" * sum(size for _, size in run), style) for style, run in groupby(cells, key=lambda cell: cell[0])
    ]


def _shades(levels: Sequence[int | None], plan: HeatPlan, palette: CellColours) -> list[Segment]:
    return [
        Segment(shade(level or 0) * (plan.lefts[column + 1] - plan.lefts[column]), palette.level_text(level or 0))
        for column, level in enumerate(levels)
    ]


def shade(level: int) -> str:
    """Return two characters: the sign, and the strength as a shade."""
    if level == LOUD:
        return ALARM * 2
    return ("-" if level < 0 else " ") + SHADES[-(-abs(level) * (len(SHADES) - 1) // LEVELS)]


def with_cursor(
    lines: list[list[Segment]], plan: HeatPlan, scale: HeatScale, palette: CellColours, place: HeatPlace, style: Style
) -> list[list[Segment]]:
    """Return the lines with the cell at `place` marked: by brackets where it is large enough, else by a colour."""
    left, right = plan.left_of(place[1]), plan.left_of(place[1] + 1)
    top, bottom = plan.tops[place[0]], plan.tops[place[0] + 1]
    marked = list(lines)
    if not palette.mixes:
        for line in range(top, bottom):
            marked[line] = _over(lines[line], left, right, style)
        return marked
    whole = range(-(-top // 2), bottom // 2)
    if right - left >= BRACKETED and whole:
        level = scale.level(plan.cells.values[plan.index(place) or 0])
        middle = whole[len(whole) // 2]
        brackets = "[" + " " * (right - left - 2) + "]"
        ground = Style(color=palette.pair(CURSOR, level).color, bgcolor=palette.pair(level, level).bgcolor, bold=True)
        marked[middle] = _over(lines[middle], left, right, ground, brackets)
        return marked
    cursor = palette.pair(CURSOR, CURSOR)
    for line in range(top // 2, -(-bottom // 2)):
        upper, lower = top <= line * 2 < bottom, top <= line * 2 + 1 < bottom
        part = Style(color=cursor.color if upper else None, bgcolor=cursor.bgcolor if lower else None)
        marked[line] = _over(lines[line], left, right, part)
    return marked


def _over(line: list[Segment], left: int, right: int, style: Style, text: str = "") -> list[Segment]:
    """The line with a style laid over what is between two characters, or `text` in its place."""
    before, under, after = Strip(line).divide([left, right, max(right, sum(map(len, (part.text for part in line))))])
    return [*before, *([Segment(text, style)] if text else Segment.apply_style(under, post_style=style)), *after]


def columns_line(plan: HeatPlan, here: int, plain: Style, picked: Style) -> list[Segment]:
    """Return the line over the picture: the index of the cursor's column, and as many others as there is room for."""
    longest = len(plan.column_label(plan.columns - 1)) + GAP
    step = max(-(-longest * plan.columns // max(plan.width, 1)), 1)
    text = [" "] * plan.width
    spans: list[tuple[int, int, Style]] = []
    for column in (here, *range(0, plan.columns, step)):
        label = plan.column_label(column)
        left = max(min(plan.left_of(column), plan.width - len(label)), 0)
        right = min(left + len(label), plan.width)
        if all(right + GAP <= start or stop + GAP <= left for start, stop, _ in spans):
            text[left:right] = label[: right - left]
            spans.append((left, right, plain if spans else picked))
    segments: list[Segment] = []
    at = 0
    for start, stop, style in sorted(spans, key=lambda span: span[0]):
        segments += [Segment("".join(text[at:start]), plain), Segment("".join(text[start:stop]), style)]
        at = stop
    return segments


def legend(plan: HeatPlan, scale: HeatScale, palette: CellColours, width: int, lines: int) -> list[list[Segment]]:
    """Return what the shades mean, in at most so many lines of `width` characters; what matters least is left out."""
    cells, elements = plan.cells, plan.size[0] * plan.size[1]
    parts: list[list[Segment]] = []
    for count in range(STEPS, 0, -1):  # the largest step is never the one without room
        parts = _steps(plan, scale, palette, count)
        if sum(sum(cell_len(segment.text) for segment in part) + GAP for part in parts) - GAP <= width:
            break
    if any(not math.isfinite(value) for value in cells.values):
        loud = "▀▀" if palette.mixes else ALARM * 2
        parts.append([Segment(f"{loud} NaN or infinite", palette.loud)])
    down, across = cells.block
    if cells.block != (1, 1):
        parts.append([Segment(f"each cell the |max| of {down}×{across}", palette.faint)])
    if 0 < cells.read < elements:
        parts.append([Segment(f"a sample: {cells.read / elements:.1%} of the elements", palette.loud)])
    found: list[list[Segment]] = [[]]
    used = 0
    for part in parts:
        size = sum(cell_len(segment.text) for segment in part)
        if used and used + GAP + size > width:
            if len(found) == lines:
                break
            found.append([])
            used = 0
        found[-1] += [Segment(" " * (GAP if used else 0)), *part]
        used += (GAP if used else 0) + size
    return found


def _steps(plan: HeatPlan, scale: HeatScale, palette: CellColours, count: int) -> list[list[Segment]]:
    """Shades of rising strength, in the colours of both signs, each with the magnitude that it reaches."""
    if not (scale.negative or scale.positive):
        zero = any(value == 0 for value in plan.cells.values)
        return [[Segment("every element is 0", palette.faint)]] if zero else []
    signs = [sign for sign, there in ((-1, scale.negative), (1, scale.positive)) if there]
    found = scale.steps(count)
    digits = next((digits for digits in (3, 4) if len({short(size, digits) for _, size in found}) == len(found)), 3)
    names = {-1: "-" if len(signs) == 2 else "-x", 1: "+" if len(signs) == 2 else "x"}
    steps = [[Segment(names[sign], palette.level_text(sign * LEVELS)) for sign in signs]]
    for level, size in found:
        if palette.mixes:
            swatch = [Segment("▀▀", palette.pair(sign * level, sign * level)) for sign in signs]
        else:
            swatch = [Segment(shade(level)[1:] * 2, palette.level_text(signs[-1] * level))]
        steps.append([*swatch, Segment(f" ≤{short(size, digits)}", palette.faint)])
    return steps
