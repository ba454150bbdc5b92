"""How one row of the module tree looks: guides, fold mark, name, and columns that give way when it gets narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from models.messages import TreeRow
from tui import numbers
from tui.text import clean, fit_middle
from tui.widgets.columns import GAP, Column, lay_out, row_of
from tui.widgets.marks import WIDTH, marks_of

COLUMNS = (
    Column("name", 30, 56, cut="middle"),
    Column("class or shape", 16, 56, drop=2),
    Column("parameters", 7, 9, drop=3, cut="left"),
    Column("bytes", 8, 9, drop=4, cut="left"),
    Column("marks", WIDTH, WIDTH, drop=1),
)
"""Bytes go first, then parameters, the class or shape, and the marks last."""
NARROW_COLUMNS = (replace(COLUMNS[0], least=12), replace(COLUMNS[1], least=10), COLUMNS[2], COLUMNS[4])
"""Of a tree without room for bytes."""
ROOM_FOR_BYTES = 49
"""Cells below which the names need the room more than the bytes do."""
MORE_THAN_BYTES = 34
"""Cells of the classes that matter more than the bytes."""

GUIDE, TIGHT_GUIDE = "│ ", "│"
ROOM_FOR_GUIDES = 18
"""Cells of the name column below which a level is drawn in one cell instead of two."""
MOST_GUIDES = 1_000
"""Levels that are drawn: no terminal is as wide."""
NAMELESS = "(empty)"
"""In place of a name without letters."""
NAME_ROOM = 8
"""Cells that the deepest name keeps; deeper guides are left out."""


def texts_of(row: TreeRow) -> tuple[str, ...]:
    """What stands in each column, with the guides before the name."""
    marks = marks_of(row)
    return (
        f"{GUIDE * min(row.depth, MOST_GUIDES)}  {row.name or NAMELESS}",
        detail_of(row),
        "" if _counts_nothing(row, row.parameters) else numbers.count(row.parameters),
        "" if _counts_nothing(row, row.bytes) else numbers.size(row.bytes),
        marks if marks.strip() else "",
    )


def draw_row(
    row: TreeRow, width: int, look: Callable[[str], Style], needs: tuple[int, ...] | None = None
) -> list[Segment]:
    """The parts of `row` in `width` cells; `needs` are the cells that each column takes (`Needs.widths`)."""
    widths = _widths(width, needs)
    dim = look("lines--dim")
    space = widths[0]
    roomy = space >= ROOM_FOR_GUIDES or (needs is not None and 0 < needs[0] <= space)
    indent = (GUIDE if roomy else TIGHT_GUIDE) * min(row.depth, MOST_GUIDES)
    name = clean(row.name) or NAMELESS
    room = max(space - 2 - min(cell_len(name), NAME_ROOM), 0)
    if len(indent) > room:
        indent = ("…" + indent[-(room - 1) :] if room > 1 else "")[:room]
    fold = ("▾ " if row.unfolded else "▸ ") if row.children else "  "
    room = max(space - len(indent) - len(fold), 0)
    name = fit_middle(name, min(room, cell_len(name)))
    texts = (*texts_of(row)[1:4], marks_of(row))
    # A class that is too long for its column begins earlier, where the name leaves room.
    earlier = max(min(cell_len(clean(texts[0])) - widths[1], room - cell_len(name)), 0) if widths[1] else 0
    parts = [Segment(indent + fold, dim), Segment(name, look(f"tree--{row.kind}") if row.name else dim)]
    rest = row_of(
        COLUMNS[1:],
        (widths[1] + earlier, *widths[2:]),
        texts,
        (dim if row.kind in ("module", "group") else None, None, dim, look("lines--strong")),
    )
    if rest:
        text, style, _ = rest[0]
        rest[0] = Segment(" " * (room - cell_len(name) + GAP - earlier) + text, style)
    return [*parts, *rest]


def detail_of(row: TreeRow) -> str:
    """A class or a shape; how often a group has it; `~` before a class that is inferred from tensors."""
    text = f"~{row.detail}" if row.inferred else row.detail
    return f"×{row.count} {text}".rstrip() if row.kind == "group" else text


def _counts_nothing(row: TreeRow, number: int | None) -> bool:
    """Whether a number would be noise: an epoch has no size, nor has what holds nothing but such values."""
    return row.kind == "item" or (row.kind in ("module", "group") and not row.detail and not number)


def _widths(width: int, needs: tuple[int, ...] | None) -> tuple[int, ...]:
    if width >= ROOM_FOR_BYTES:
        widths = lay_out(COLUMNS, width, needs)
        if not needs or not any(needs) or widths[1] >= min(needs[1], MORE_THAN_BYTES):
            return widths
    *front, marks = lay_out(NARROW_COLUMNS, width, needs and (*needs[:3], needs[4]))
    return (*front, 0, marks)
