"""How each line of a `ValueGrid` looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from tui import digits
from tui.text import clean, fit, piece
from tui.widgets import heat

if TYPE_CHECKING:
    from tui.widgets.value_grid import ValueGrid


def line(grid: ValueGrid, y: int) -> list[Segment]:
    """Line `y` of the widget, of any length."""
    if grid.sheet.sentence:
        return sentence(grid, y)
    if grid.sheet.shape is None:
        return []
    if grid.sheet.leading and y == 0:
        return leading(grid)
    if grid.heat:
        return _heat(grid, y)
    if y == grid.view.height - 1:
        return exact(grid)
    return header(grid) if y == grid.top - 1 else row(grid, round(grid.scroll_y) + y - grid.top)


def sentence(grid: ValueGrid, y: int) -> list[Segment]:
    """The reason for the absence, in the middle."""
    width = max(grid.view.width - 4, 1)
    lines = [line.plain.strip() for line in Text(grid.sheet.sentence).wrap(grid.app.console, width)]
    index = y - max((grid.view.height - len(lines)) // 2, 0)
    if not 0 <= index < len(lines):
        return []
    left = (grid.view.width - max(map(cell_len, lines))) // 2
    return [Segment(" " * left), piece(lines[index], grid.style_of("index"))]


def leading(grid: ValueGrid) -> list[Segment]:
    """The leading indices as Python writes them, the one that `,` and `.` change underlined."""
    plain, picked = grid.style_of("index"), grid.style_of("picked")
    segments = [Segment("[", plain)]
    for dimension, index in enumerate(grid.sheet.leading):
        here = dimension == grid.dimension
        segments += [Segment(f"‹{index}›" if here else str(index), picked if here else plain), Segment(", ", plain)]
    assert grid.sheet.shape is not None
    segments.append(Segment(f":, :]  of {grid.sheet.shape}", plain))
    hint = f"   , . through 0–{grid.sheet.shape[grid.dimension] - 1}"
    hint += "   d another" if len(grid.sheet.leading) > 1 else ""
    used = sum(len(segment.text) for segment in segments)
    return [*segments, Segment(hint, plain)] if used + len(hint) <= grid.view.width else segments


def header(grid: ValueGrid) -> list[Segment]:
    """The column indices, over the last digit of each column."""
    here = grid.plane.place(grid.cursor)[1]
    width = grid.column_width
    segments = [
        Segment(grid.plane.column_label(column).rjust(width - 1) + " ", _index_style(grid, column == here))
        for column in grid.seen_columns
    ]
    return _beside(grid, Segment(" " * grid.label_width, grid.style_of("index")), segments)


def row(grid: ValueGrid, index: int) -> list[Segment]:
    """One row of numbers behind its index."""
    if index not in grid.seen_rows:
        return []
    here = grid.plane.place(grid.cursor)[0] == index
    segments: list[Segment] = []
    width = grid.column_width
    for column in grid.seen_columns:
        entry = grid.plane.entry(index, column)
        if entry is None:
            break
        value = grid.sheet.tiles.value(*entry)
        cursor = grid.style_of("cursor") if entry == grid.cursor else None
        if value is None:
            segments.append(Segment("·".rjust(width - 1) + " ", cursor or grid.palette.faint))
            continue
        size = value[0] if grid.sheet.format.number != "complex" else max(value, key=abs)
        style = grid.palette.text(size, grid.sheet.format.biggest)
        segments.append(Segment(grid.sheet.format.text(*value).rjust(width - 1) + " ", cursor or style))
    label = grid.plane.row_label(index).rjust(grid.label_width - 1) + " "
    return _beside(grid, Segment(label, _index_style(grid, here)), segments)


def exact(grid: ValueGrid) -> list[Segment]:
    """The entry under the cursor with every digit it has; shape and dtype at the right where there is room.

    What is told of a search stands there instead, and goes before the entry.
    """
    style = grid.style_of("exact")
    assert grid.sheet.shape is not None
    value = grid.sheet.tiles.value(*grid.cursor)
    number = digits.exact(value[0], grid.sheet.format.number, grid.sheet.dtype, value[1]) if value else "…"
    left = f"{grid.index} = {number}"
    right = grid.remark or f"{grid.sheet.shape} {clean(grid.sheet.dtype)}"
    if grid.remark and cell_len(left) + 2 + cell_len(right) > grid.view.width:
        return [Segment(fit(right, grid.view.width), style)]
    gap = grid.view.width - len(left) - len(right)
    return [Segment(left + " " * gap + right if gap >= 2 else left.ljust(grid.view.width), style)]


def _heat(grid: ValueGrid, y: int) -> list[Segment]:
    if grid.sheet.picture is None:
        return []
    if y == grid.view.height - 1 and grid.remark:
        return [Segment(fit(grid.remark, grid.view.width), grid.style_of("exact"))]
    if y == grid.view.height - 1:
        return heat.legend(grid.sheet.picture, grid.palette)
    lines = grid.drawn
    return lines[y - grid.top] if y - grid.top < len(lines) else []


def _index_style(grid: ValueGrid, here: bool) -> Style:
    return grid.style_of("here" if here else "index")


def _beside(grid: ValueGrid, label: Segment, segments: list[Segment]) -> list[Segment]:
    """The label, then the part of the cells that is scrolled into view."""
    width = grid.column_width
    start = round(grid.scroll_x) - grid.seen_columns.start * width
    end = start + max(grid.view.width - grid.label_width, 0)
    seen = width - (len(segments) * width - end)
    if segments:  # half a number would read as another number
        text, style, _ = segments[-1]
        if text[seen:].strip():
            segments[-1] = Segment(text[: seen - 1] + "…" + text[seen:], style)
        text, style, _ = segments[0]
        if text[:start].strip():
            segments[0] = Segment(text[:start] + "…" + text[start + 1 :], style)
    return [label, *Strip(segments).crop(start, end)]
