"""How each line of a `ValueGrid` looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui import cell_format
from tui.line_breaks import wrap_words
from tui.text import clean, fit, piece
from tui.widgets.grid import heat

if TYPE_CHECKING:
    from tui.widgets.grid.heat_plan import HeatPlan
    from tui.widgets.grid.value_grid import ValueGrid


def line(grid: ValueGrid, y: int) -> list[Segment]:
    """Return line `y` of the widget, of any length."""
    if grid.data.sentence:
        return sentence(grid, y)
    if grid.data.shape is None:
        return []
    if grid.data.leading and y == 0:
        return leading(grid)
    if grid.heat:
        return _heat(grid, y)
    if y == grid.view.height - 1:
        return exact_line(grid)
    return header(grid) if y == grid.top - 1 else row(grid, round(grid.scroll_y) + y - grid.top)


def sentence(grid: ValueGrid, y: int) -> list[Segment]:
    """Return line `y` of the reason for the absence, set in the middle."""
    width = max(grid.view.width - 4, 1)
    lines = wrap_words(grid.data.sentence, width)
    index = y - max((grid.view.height - len(lines)) // 2, 0)
    if not 0 <= index < len(lines):
        return []
    left = (grid.view.width - max(map(cell_len, lines))) // 2
    return [Segment(" " * left), piece(lines[index], grid.style_of("index"))]


def leading(grid: ValueGrid) -> list[Segment]:
    """Return the leading indices as Python writes them, the one that `,` and `.` change underlined."""
    plain, picked = grid.style_of("index"), grid.style_of("picked")
    segments = [Segment("[", plain)]
    for dimension, index in enumerate(grid.data.leading):
        here = dimension == grid.dimension
        segments += [Segment(f"‹{index}›" if here else str(index), picked if here else plain), Segment(", ", plain)]
    assert grid.data.shape is not None
    segments.append(Segment(f":, :]  of {grid.data.shape}", plain))
    hint = f"   , . through 0–{grid.data.shape[grid.dimension] - 1}"
    hint += "   d another" if len(grid.data.leading) > 1 else ""
    used = sum(len(segment.text) for segment in segments)
    return [*segments, Segment(hint, plain)] if used + len(hint) <= grid.view.width else segments


def header(grid: ValueGrid) -> list[Segment]:
    """Return the column indices, over the last digit of each column."""
    here = grid.geometry.place(grid.cursor)[1]
    width = grid.column_width
    segments = [
        Segment(grid.geometry.column_label(column).rjust(width - 1) + " ", _index_style(grid, column == here))
        for column in grid.seen_columns
    ]
    return _beside(grid, Segment(" " * grid.label_width, grid.style_of("index")), segments)


def row(grid: ValueGrid, index: int) -> list[Segment]:
    """Return one row of elements behind its index."""
    if index not in grid.seen_rows:
        return []
    here = grid.geometry.place(grid.cursor)[0] == index
    segments: list[Segment] = []
    width = grid.column_width
    for column in grid.seen_columns:
        element = grid.geometry.element(index, column)
        if element is None:
            break
        value = grid.data.tiles.value(*element)
        cursor = grid.style_of("cursor") if element == grid.cursor else None
        if value is None:
            segments.append(Segment("·".rjust(width - 1) + " ", cursor or grid.palette.faint))
            continue
        size = value[0] if grid.data.format.number != "complex" else max(value, key=abs)
        style = grid.palette.text(size, grid.data.format.biggest)
        segments.append(Segment(grid.data.format.text(*value).rjust(width - 1) + " ", cursor or style))
    label = grid.geometry.row_label(index).rjust(grid.label_width - 1) + " "
    return _beside(grid, Segment(label, _index_style(grid, here)), segments)


def exact_number(grid: ValueGrid) -> str:
    """Return the element under the cursor with every digit it has; `…` while it is not known."""
    value = grid.data.tiles.value(*grid.cursor)
    return cell_format.exact(value[0], grid.data.format.number, grid.data.dtype, value[1]) if value else "…"


def exact_line(grid: ValueGrid) -> list[Segment]:
    """Return the element under the cursor with every digit it has; shape and dtype at the right where there is room.

    The remark of a search stands there instead, and goes before the element.
    """
    style = grid.style_of("exact")
    assert grid.data.shape is not None
    left = f"{grid.index} = {exact_number(grid)}"
    right = grid.remark or f"{grid.data.shape} {clean(grid.data.dtype)}"
    if grid.remark and cell_len(left) + 2 + cell_len(right) > grid.view.width:
        return [Segment(fit(right, grid.view.width), style)]
    gap = grid.view.width - len(left) - len(right)
    return [Segment(left + " " * gap + right if gap >= 2 else left.ljust(grid.view.width), style)]


def heat_exact_line(grid: ValueGrid, plan: HeatPlan) -> list[Segment]:
    """Return index and value of the cell under the cursor; of a block of elements those of its largest one."""
    style = grid.style_of("exact")
    assert grid.data.shape is not None
    place = plan.place(grid.cursor)
    at = plan.index(place)
    value = plan.cells.values[at] if at is not None else 0.0
    rows, columns = plan.elements(place)
    element = grid.largest_here
    spans = [str(span.start) if len(span) == 1 else f"{span.start}–{span.stop - 1}" for span in (rows, columns)]
    block = f"[{', '.join([*map(str, grid.data.leading), *spans][-len(grid.data.shape) or None :])}]"
    alone = len(rows) * len(columns) == 1
    if element is not None:
        known = grid.data.tiles.value(*element)
        number = cell_format.exact(known[0], grid.data.format.number, grid.data.dtype, known[1]) if known else "…"
        text = f"{grid.index_of(element)} = {number}" + ("" if alone else f", |max| of {block}")
    else:
        text = f"{grid.index} = {cell_format.short(value)}" if alone else f"{block}: |max| {cell_format.short(value)}"
    if cell_len(text) > grid.view.width and not alone:
        text = f"{block}: |max| {cell_format.short(value)}"
    if grid.remark:
        text = grid.remark
    right = f"{grid.data.shape} {clean(grid.data.dtype)}".rstrip()
    gap = grid.view.width - cell_len(text) - cell_len(right)
    return [Segment(text + " " * gap + right if gap >= 2 else fit(text, grid.view.width), style)]


def _heat(grid: ValueGrid, y: int) -> list[Segment]:
    plan = grid.plan
    if plan is None:
        return [Segment(f" {grid.drawing or '…'}", grid.style_of("index"))] if y == grid.top else []
    below = grid.view.height - grid.bottom
    if y == grid.view.height - 1:
        return heat_exact_line(grid, plan)
    if y >= below:
        return grid.legend[y - below] if y - below < len(grid.legend) else []
    margin = Segment(" " * grid.heat_margin, grid.style_of("index"))
    here = plan.place(grid.cursor)
    if y == grid.top - 1:
        return [margin, *heat.columns_line(plan, here[1], grid.style_of("index"), grid.style_of("here"))]
    lines = grid.drawn
    index = y - grid.top
    if index >= len(lines):
        return []
    row = plan.first_row(index)
    if row is None:
        return [margin, *lines[index]]
    if here[0] != row and index * 2 <= plan.tops[here[0]] < index * 2 + 2 and plan.room.mixes:
        row = here[0]  # of two rows in one line the cursor's has its index there
    label = plan.row_label(row).rjust(grid.heat_margin - 1) + " "
    return [Segment(label, _index_style(grid, row == here[0])), *lines[index]]


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
