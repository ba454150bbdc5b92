"""How one row of the module tree looks: guides, fold mark, name, and columns that give way when it gets narrow."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from models.engine.messages import TreeRow
from tui import numbers
from tui.text import clean, fit_middle
from tui.widgets.columns import GAP, Column, lay_out, row_of
from tui.widgets.marks import WIDTH, marks_of

COLUMNS = (
    Column("name", 12, 40, cut="middle"),
    Column("class or shape", 10, 22, drop=2),
    Column("parameters", 7, 9, drop=3, cut="left"),
    Column("bytes", 8, 9, drop=4, cut="left"),
    Column("marks", WIDTH, WIDTH, drop=1),
)
"""Bytes go first, then parameters, the class or shape, and the marks last."""
ROOM_FOR_BYTES = 49
"""Cells below which the names need the room more than the bytes do."""

GUIDE, TIGHT_GUIDE = "│ ", "│"
ROOM_FOR_GUIDES = 18
"""Cells of the name column below which a level is drawn in one cell instead of two."""
NAME_ROOM = 8
"""Cells that the deepest name keeps; deeper guides are left out."""


def draw_row(row: TreeRow, width: int, look: Callable[[str], Style]) -> list[Segment]:
    """The parts of `row` in `width` cells."""
    widths = _widths(width)
    dim = look("lines--dim")
    space = widths[0]
    indent = (GUIDE if space >= ROOM_FOR_GUIDES else TIGHT_GUIDE) * row.depth
    name = clean(row.name)
    room = max(space - 2 - min(cell_len(name), NAME_ROOM), 0)
    if len(indent) > room:
        indent = ("…" + indent[-(room - 1) :] if room > 1 else "")[:room]
    fold = ("▾ " if row.unfolded else "▸ ") if row.children else "  "
    room = max(space - len(indent) - len(fold), 1)
    name = fit_middle(name, min(room, cell_len(name)))
    parts = [Segment(indent + fold, dim), Segment(name, look(f"tree--{row.kind}"))]
    rest = row_of(
        COLUMNS[1:],
        widths[1:],
        (row.detail, numbers.count(row.parameters), numbers.size(row.bytes), marks_of(row)),
        (dim if row.kind == "module" else None, None, dim, look("lines--strong")),
    )
    if rest:
        text, style, _ = rest[0]
        rest[0] = Segment(" " * (room - cell_len(name) + GAP) + text, style)
    return [*parts, *rest]


def _widths(width: int) -> tuple[int, ...]:
    if width >= ROOM_FOR_BYTES:
        return lay_out(COLUMNS, width)
    *front, marks = lay_out((*COLUMNS[:3], COLUMNS[4]), width)
    return (*front, 0, marks)
