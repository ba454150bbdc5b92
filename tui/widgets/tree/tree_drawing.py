"""How one row of the module tree looks: guides, fold mark, name, and columns that give way when it gets narrow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from models.messages import ModuleRun, TreeOrder, TreeRow
from tui import numbers
from tui.cell_format import short
from tui.text import clean, fit_middle
from tui.widgets.lists.columns import DESCENDING, GAP, LEVEL_LIMIT, Column, header_of, lay_out, row_of
from tui.widgets.lists.flags import WIDTH, flags_of, sharing_sign
from tui.widgets.lists.shares import bar_of, percent, share_bar

ROOM_FOR_ALL = 49
"""Cells below which the names need the room more than the second figure does."""
DETAIL_SHARE = 0.42
"""Of the cells for names and classes, the classes' where both are short of room."""

GUIDE, TIGHT_GUIDE = "│ ", "│"
ROOM_FOR_GUIDES = 30
"""Cells of the name column below which a level is drawn in one cell instead of two."""
NAMELESS = "(empty)"
"""In place of a name without letters."""
NAME_ROOM = 8
"""Cells that the deepest name keeps; deeper guides are left out."""


@dataclass(frozen=True)
class ColumnSet:
    """What stands beside the names of the tree."""

    columns: tuple[Column, ...]
    """The name, one text, two figures or more, the marks, and what is shared with where `partners` says so."""
    texts: Callable[[TreeRow], tuple[str, ...]]
    """Return what stands between the name and the marks."""
    dims: tuple[bool, ...]
    """Which of these are of less interest."""
    orders: tuple[TreeOrder, ...] = ()
    """What siblings may be sorted by, of each figure, whose title has a space for the mark."""
    tight: ColumnSet | None = None
    """The same for a narrow tree; None where the second figure is left out there."""
    look: Callable[[TreeRow], str] | None = None
    """Return the component style of the text of a row, empty for that of the line; None: a class is dim, a shape not.
    """

    partners: bool = False
    """Whether the last column names what a tensor or module is shared with."""

    @property
    def narrow(self) -> tuple[Column, ...]:
        """Return the columns of a narrow tree, which has no second figure."""
        name, text, first, _, *rest = self.columns
        return (replace(name, min_width=12), replace(text, min_width=10), first, *rest)


def _sizes(row: TreeRow) -> tuple[str, ...]:
    return (
        detail_text(row),
        "" if _counts_nothing(row, row.parameters) else numbers.count(row.parameters),
        "" if _counts_nothing(row, row.bytes) else numbers.size(row.bytes),
    )


def _last_run(row: TreeRow) -> tuple[str, ...]:
    run = row.run
    if run is None:
        return "", "", "", ""
    return (
        {"failed": "✗ failed", "nonfinite": f"! {run.output}"}.get(run.problem, run.output),
        "" if run.seconds is None else share_bar(run.seconds, 1, BAR),
        "" if run.flops is None else percent(run.flops),
        "" if run.rows is None else percent(run.rows),
    )


def _last_run_tight(row: TreeRow) -> tuple[str, ...]:
    output, *_ = _last_run(row)
    run = row.run
    if run is None:
        return "", "", "", ""
    return output, _part(run.seconds), _part(run.flops), "" if run.rows is None else percent(run.rows)


def _part(share: float | None) -> str:
    """Return a share in 4 cells."""
    if share is None:
        return ""
    return f"{share:.0%}" if share >= 0.01 or not share else "<1%"


def _gradients(row: TreeRow) -> tuple[str, ...]:
    run = row.run
    if run is None:
        return detail_text(row), "", _none(row), "", ""
    return (
        detail_text(row),
        short(run.gradient, 3),
        short(run.weight_gradient, 3) or _none(row),
        _relative(run, BAR),
        "" if run.backward is None else share_bar(run.backward, 1, BAR),
    )


def _gradients_tight(row: TreeRow) -> tuple[str, ...]:
    run = row.run
    if run is None:
        return detail_text(row), "", _none(row), "", ""
    return (
        detail_text(row),
        short(run.gradient, 2),
        short(run.weight_gradient, 2) or _none(row),
        _relative(run, 0),
        _part(run.backward),
    )


def _none(row: TreeRow) -> str:
    """Return why a parameter has no norm, in a word: none is not zero."""
    if row.kind != "parameter":
        return ""
    return "frozen" if row.frozen else "none" if row.gradient in ("none", "unreached") else ""


def _relative(run: ModuleRun, bar: int) -> str:
    """Return how large a gradient is beside its weight: a logarithmic bar of `bar` cells at most, and the number."""
    relative = run.relative_gradient
    if relative is None:
        return "" if run.weight_gradient is None else "w=0"
    text = f"{short(relative, 2):>{RATIO}}"
    if not bar:
        return text.strip()
    share = 1 + math.log10(relative) / DECADES if relative > 0 and math.isfinite(relative) else 0.0
    return f"{bar_of(share, bar):<{bar}} {text}"


def _initial(row: TreeRow) -> tuple[str, ...]:
    state = row.initial
    if state is None:
        return detail_text(row), "", "", ""
    now = f"constant {short(state.value, 4)}" if state.state == "constant" else state.state
    if state.below:
        return detail_text(row), "", "", state.below
    ratio = state.siblings
    odd = ratio is not None and not 1 / UNLIKE < ratio < UNLIKE
    unlike = f", siblings ×{short(ratio, 2)}" if odd else ""
    return detail_text(row), state.default, short(state.std, 3), f"{now}{unlike}".removeprefix(", ")


NAME = Column("name", 18, 120, cut="middle")
MARKS = Column("", WIDTH, WIDTH, drop=1)
PARTNERS = Column("shared with", 11, 60, drop=9, cut="path")
BAR = 4
"""Cells of the bar of a share."""
RATIO = 7
"""Cells of a ratio with two digits, such as `1.2e-05`."""
UNLIKE = 2.0
"""How much larger or smaller than its siblings a parameter has to be for that to be said."""
DECADES = 8
"""Powers of ten from the shortest bar of a ratio to the longest, which is of 1."""
SIZES = ColumnSet(
    (
        NAME,
        Column("class, shape", 12, 80, drop=2),
        Column(" params", 7, 9, drop=3, cut="left"),
        Column(" bytes", 8, 9, drop=4, cut="left"),
        MARKS,
        PARTNERS,
    ),
    _sizes,
    (False, False, True),
    ("parameters", "bytes"),
    partners=True,
)
"""With whom something is shared goes first, then bytes, parameters, the class or shape, and the marks last; but names
and classes get shorter before."""
LAST_RUN = ColumnSet(
    (
        NAME,
        Column("output", 8, 40, drop=2),
        Column(" of time", 5 + BAR, 5 + BAR, drop=3, cut="left"),
        Column(" of FLOPs", 9, 9, drop=5, cut="left"),
        Column(" rows apart", 11, 11, drop=4, cut="left"),
        MARKS,
    ),
    _last_run,
    (False, False, True, False),
    ("seconds", "flops", "rows"),
    ColumnSet(
        (
            replace(NAME, min_width=10),
            Column("output", 8, 40, drop=9),
            Column(" time", 5, 6, drop=2, cut="left"),
            Column(" FLOPs", 6, 6, drop=4, cut="left"),
            Column(" apart", 6, 6, drop=3, cut="left"),
            MARKS,
        ),
        _last_run_tight,
        (False, False, True, False),
    ),
)
GRADIENTS = ColumnSet(
    (
        NAME,
        Column("class, shape", 8, 80, drop=5),
        Column(" output", 8, 8, drop=4, cut="left"),
        Column(" weights", 8, 8, drop=3, cut="left"),
        Column(" /weights", BAR + 1 + RATIO, BAR + 1 + RATIO, drop=2, cut="left"),
        Column(" of time", 5 + BAR, 5 + BAR, drop=6, cut="left"),
        MARKS,
    ),
    _gradients,
    (False, False, False, False, True),
    ("gradient", "weight_gradient", "relative_gradient", "backward"),
    ColumnSet(
        (
            replace(NAME, min_width=10),
            Column("class, shape", 8, 40, drop=9),
            Column(" output", 7, 7, drop=4, cut="left"),
            Column(" weights", 8, 8, drop=3, cut="left"),
            Column(" ratio", RATIO, RATIO, drop=2, cut="left"),
            Column(" time", 5, 5, drop=5, cut="left"),
            MARKS,
        ),
        _gradients_tight,
        (False, False, False, False, True),
    ),
)
"""Norms of gradients after the last backward: of the one that came to what each module returned, of those of the
parameters at or below each row, the latter relative to the norm of these parameters; and the part of the time."""
INITIAL = ColumnSet(
    (
        NAME,
        Column("class, shape", 8, 80, drop=4),
        Column(" default", 8, 16, drop=3, cut="left"),
        Column(" std", 8, 8, drop=5, cut="left"),
        Column("now", 9, 32, drop=2),
        MARKS,
    ),
    _initial,
    (False, True, False, False),
    (),
    ColumnSet(
        (
            replace(NAME, min_width=10),
            Column("class, shape", 8, 40, drop=9),
            Column(" default", 7, 10, drop=3, cut="left"),
            Column(" std", 7, 7, drop=4, cut="left"),
            Column("now", 9, 20, drop=2),
            MARKS,
        ),
        _initial,
        (False, True, False, False),
    ),
)
"""What a layer draws a parameter from by default, and what its values are: such a draw, a constant, zeros, or other."""
SETS = (SIZES, LAST_RUN, GRADIENTS, INITIAL)


def texts_of(row: TreeRow, columns: ColumnSet = SIZES) -> tuple[str, ...]:
    """Return what stands in each column, with the guides before the name."""
    flags = flags_of(row)
    name = f"{GUIDE * min(row.depth, LEVEL_LIMIT)}  {row.name or NAMELESS}"
    partners = (partner_text(row),) if columns.partners else ()
    return (name, *columns.texts(row), flags if flags.strip() else "", *partners)


def partner_text(row: TreeRow) -> str:
    """Return the other name of a shared object, or of what lies in its memory, and how many more are known."""
    names = [*row.shared_with, *row.memory_with]
    return "" if not names else f"{names[0] or '(root)'}{f' +{len(names) - 1}' if names[1:] else ''}"


def sharing_note(row: TreeRow) -> str:
    """Return the mark of what is shared with the other names: `⇄ head.weight`; empty for what is not."""
    sign = sharing_sign(row)
    return f"{sign} {partner_text(row)}" if sign else ""


def draw_header(
    width: int, columns: ColumnSet, needs: tuple[int, ...] | None = None, order: TreeOrder = "file"
) -> list[Segment]:
    """Return the titles of the columns, that of the one siblings are sorted by with a mark."""
    widths = _widths(width, columns, needs)
    place = 2 + columns.orders.index(order) if order in columns.orders else 0
    shown = _in_room(columns, width).columns
    titles = [f"{DESCENDING}{column.title.strip()}" if at == place else column.title for at, column in enumerate(shown)]
    titles[0] = f"sorted by {order.replace('_', ' ')}" if order != "file" and not place else ""
    return header_of([replace(column, title=title) for column, title in zip(shown, titles, strict=True)], widths)


def _in_room(columns: ColumnSet, width: int) -> ColumnSet:
    """Return the columns that a tree `width` cells wide has."""
    return columns.tight if columns.tight is not None and width < ROOM_FOR_ALL else columns


def orders_in_view(width: int, columns: ColumnSet, needs: tuple[int, ...] | None) -> tuple[TreeOrder, ...]:
    """Return what siblings may be sorted by, of the figures in a tree `width` cells wide; all if it has none."""
    widths = _widths(width, columns, needs)
    return tuple(order for order, cells in zip(columns.orders, widths[2:], strict=False) if cells) or columns.orders


def draw_row(
    row: TreeRow,
    width: int,
    look: Callable[[str], Style],
    needs: tuple[int, ...] | None = None,
    columns: ColumnSet = SIZES,
    cut: Callable[[str, int], str] = fit_middle,
) -> list[Segment]:
    """Return the parts of `row` in `width` cells; `needs` are the cells that each column takes (`Needs.widths`).

    `cut` makes a name fit into fewer cells than it takes.
    """
    widths = _widths(width, columns, needs)
    columns = _in_room(columns, width)
    dim = look("lines--dim")
    space = widths[0]
    roomy = space >= ROOM_FOR_GUIDES or (needs is not None and 0 < needs[0] <= space)
    indent = (GUIDE if roomy else TIGHT_GUIDE) * min(row.depth, LEVEL_LIMIT)
    name = clean(row.name) or NAMELESS
    room = max(space - 2 - min(cell_len(name), NAME_ROOM), 0)
    if len(indent) > room:
        indent = ("…" + indent[-(room - 1) :] if room > 1 else "")[:room]
    fold = ("▾ " if row.unfolded else "▸ ") if row.children else "  "
    room = max(space - len(indent) - len(fold), 0)
    name = name if cell_len(name) <= room else cut(name, room)
    texts = (*columns.texts(row), flags_of(row), *([partner_text(row)] if columns.partners else []))
    # A class that is too long for its column begins earlier, where the name leaves room.
    earlier = max(min(cell_len(clean(texts[0])) - widths[1], room - cell_len(name)), 0) if widths[1] else 0
    parts = [Segment(indent + fold, dim), Segment(name, look(f"tree--{row.kind}") if row.name else dim)]
    rest = row_of(
        columns.columns[1:],
        (widths[1] + earlier, *widths[2:]),
        texts,
        (
            _detail_style(row, columns, look),
            *[dim if each else None for each in columns.dims[1:]],
            look("lines--strong"),
            *([dim] if columns.partners else []),
        ),
    )
    if rest:
        text, style, _ = rest[0]
        rest[0] = Segment(" " * (room - cell_len(name) + GAP - earlier) + text, style)
    return [*parts, *rest]


def _detail_style(row: TreeRow, columns: ColumnSet, look: Callable[[str], Style]) -> Style | None:
    if columns.look is not None:
        name = columns.look(row)
        return look(name) if name else None
    if row.run is not None and row.run.problem:
        return look("lines--problem")
    return look("lines--dim") if row.kind in ("module", "group") else None


def detail_text(row: TreeRow) -> str:
    """Return a class or a shape; how often a group has it; `~` before a class that is inferred from tensors."""
    text = f"~{row.detail}" if row.inferred else row.detail
    return f"×{row.count} {text}".rstrip() if row.kind == "group" else text


def _counts_nothing(row: TreeRow, number: int | None) -> bool:
    """Whether a number would be noise: an epoch has no size, nor has what holds nothing but such values."""
    return row.kind == "item" or (row.kind in ("module", "group") and not row.detail and not number)


def _widths(width: int, columns: ColumnSet, needs: tuple[int, ...] | None) -> tuple[int, ...]:
    tight = _in_room(columns, width)
    if tight is not columns:
        return lay_out(tight.columns, width, needs)
    if width >= ROOM_FOR_ALL:
        widths = lay_out(columns.columns, width, needs)
    else:
        front = lay_out(columns.narrow, width, needs and (*needs[:3], *needs[4:]))
        widths = (*front[:3], 0, *front[3:])
    name, detail, *figures = widths
    most = columns.columns[1].max_width
    wanted = min(needs[1], most) if needs and any(needs) else most
    if detail and detail < wanted:  # names, which come first, have taken all there was
        more = min(wanted, round((name + detail) * DETAIL_SHARE)) - detail
        if more > 0:
            name, detail = name - more, detail + more
    return (name, detail, *figures)
