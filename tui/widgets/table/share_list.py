"""What is shared: a heading for each group with what it saves, its names below; and what else to look out for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType

from models.messages import Finding, SharingGroup, SharingMember
from tui import numbers
from tui.actions import bindings
from tui.text import clean, fit
from tui.widgets.lists.columns import Column, Needs, lay_out, row_of
from tui.widgets.lists.flags import BESIDE, OVERLAPS, SHARED
from tui.widgets.lists.lines import Lines

SIGNS = {"object": SHARED.glyph, "memory": OVERLAPS.glyph, "flat": BESIDE.glyph, "part": "◧", "equal": "="}
"""Before the heading of a group, by its kind."""
MEANINGS = {
    "object": "one object under several names",
    "memory": "several objects on one memory",
    "flat": "several objects in one memory, none on an element of another",
    "part": "a tensor in a larger memory",
    "equal": "equal values in separate memory",
}
MENDS = {"tie": "ties them", "untie": "unties them", "copy": "gives it a memory of its own"}
"""What the key does about a group."""
WATCHED = (
    "broken_tie",
    "same_memory",
    "shared_statistics",
    "unregistered",
    "optimizer_incomplete",
    "parameter_replaced",
)
"""Kinds of findings that have to do with what is shared, or known to whom."""

ShareRow = SharingGroup | tuple[SharingGroup, SharingMember] | Finding | str


class ShareList(Lines):
    """The groups with their names; Enter on one posts `Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("sharing list")
    COLUMNS = (
        Column("", 16, 60, cut="path"),
        Column("", 4, 10),
        Column("", 6, 18),
        Column("", 12, 60, drop=1),
    )

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ShareRow] = []
        self._needs = Needs(self.COLUMNS)

    def show(self, groups: Sequence[SharingGroup], findings: Sequence[Finding]) -> None:
        """Show these groups, and the findings that belong to them; the cursor stays on its row."""
        before = self.row
        self.rows = []
        for group in groups:
            self.rows += [group, *((group, member) for member in group.members)]
        watched = [finding for finding in findings if finding.kind in WATCHED]
        if watched:
            self.rows += ["to look out for", *watched]
        self._needs.reset()
        self._needs.take(_texts(row[1]) for row in self.rows if isinstance(row, tuple))
        self.count = len(self.rows)
        self.cursor = self.rows.index(before) if before in self.rows else 0
        self.refresh()

    @property
    def row(self) -> ShareRow | None:
        """Return what is under the cursor; None in an empty list."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def group(self) -> SharingGroup | None:
        """Return the group of the row under the cursor; None where it belongs to none."""
        row = self.row
        if isinstance(row, tuple):
            return row[0]
        return row if isinstance(row, SharingGroup) else None

    @property
    def path(self) -> str | None:
        """Return the path of the row under the cursor, of a group its first name; None where it has none."""
        row = self.row
        if isinstance(row, SharingGroup):
            return row.members[0].path if row.members else None
        if isinstance(row, tuple):
            return row[1].path
        return row.path if isinstance(row, Finding) else None

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        row = self.rows[index]
        dim, strong = self.look("lines--dim"), self.look("lines--strong")
        if isinstance(row, SharingGroup):
            sums = sums_of(row)
            title = f"{SIGNS[row.kind]} {clean(row.title)}"
            room = max(width - cell_len(sums) - 1, 8)
            yield Segment(fit(title, min(room, width)), strong)
            yield Segment(f" {sums}", dim)
        elif isinstance(row, tuple):
            yield Segment("    ")
            widths = lay_out(self.COLUMNS, max(width - 4, 0), self._needs.widths)
            yield from row_of(self.COLUMNS, widths, _texts(row[1]), [None, dim, dim, dim])
        elif isinstance(row, Finding):
            mark = self.look("lines--problem") if row.severity != "note" else dim
            yield Segment("  ! " if row.severity != "note" else "  · ", mark)
            name = clean(row.path or "(root)")
            yield Segment(f"{name}  ", dim)
            yield Segment(fit(clean(row.text), max(width - 6 - cell_len(name), 0)))
        else:
            yield Segment(fit(row, width), strong)


def sums_of(group: SharingGroup) -> str:
    """Return what sharing saves or costs: `288 B, saves 288 B`."""
    if not group.bytes:
        return ""
    size, saved = numbers.size(group.bytes), numbers.size(group.saved)
    if not group.saved:
        return size
    if group.kind in ("part", "flat"):
        return f"{size}, {saved} of it unused"
    return f"{size} each, tying would save {saved}" if group.kind == "equal" else f"{size}, saves {saved}"


def _texts(member: SharingMember) -> tuple[str, str, str, str]:
    return member.path or "(root)", member.kind, member.detail, member.part


def whole_text(row: ShareRow | None) -> str:
    """Return what is to be known of a row, a line for each thing, in whole: the list cuts what is long."""
    group = row[0] if isinstance(row, tuple) else row
    if isinstance(group, SharingGroup):
        more = [f"and {group.more:,} more names"] if group.more else []
        sums = sums_of(group)
        lines = [MEANINGS[group.kind] + (f": {sums}" if sums else "")]
        if isinstance(row, tuple) and row[1].part:  # which a narrow list cuts
            lines.insert(0, f"{row[1].path or '(root)'}: {row[1].part}")
        if group.code:  # before the notes, which a low terminal may cut off
            first, *others = [line for line in group.code.split("\n") if not line.startswith("import ")]
            lines.append(f"x {MENDS.get(group.mends, 'runs')}: {first}{' …' if others else ''}")
        lines += [*more, *(f"· {note}" for note in group.notes)]
        return "\n".join(clean(line, 500) for line in lines)
    if isinstance(group, Finding):
        where = f"  ({clean(group.where)})" if group.where else ""
        return f"{group.severity}, {clean(group.kind)}: {clean(group.text)}{where}"
    return ""
