"""Weights that do not fit: the rules that bring names together, and what fits with them and what does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from models.messages import FitEntry, FitList, FitListName, FitRule, Fitted
from tui.actions import bindings
from tui.text import clean, fit
from tui.widgets.lists.columns import Column, Needs, header_of, lay_out, row_of
from tui.widgets.lists.lines import Lines

TAKEN, LEFT = "[x]", "[ ]"
HEADINGS: dict[FitListName, str] = {
    "missing": "missing: the network has it, the file does not",
    "unexpected": "unexpected: the file has it, the network does not",
    "shape": "wrong shape: both have it",
    "dtype": "another dtype: converted when it is loaded",
    "matched": "matched: loaded",
}
"""In the order in which they are shown."""


@dataclass(frozen=True)
class RuleRow:
    """A rule as the list shows it: one that is proposed, or one of the user's own."""

    key: str
    """Of a proposed rule; empty for one's own."""
    certainty: str
    old: str
    new: str
    names: str
    note: str
    rename: str
    """As `OLD=NEW`; empty where that cannot say it."""
    taken: bool
    is_own: bool = False
    """Whether it is a rule of the user's own."""

    @classmethod
    def of(cls, rule: FitRule, taken: bool) -> RuleRow:
        """Return the row of a proposed rule."""
        note = rule.note
        return cls(rule.key, rule.certainty, rule.old, rule.new, f"{rule.keys:,}", note, rule.rename, taken)

    @classmethod
    def of_own(cls, text: str, names: int | None, taken: bool) -> RuleRow:
        """Return the row of a rule of the user's own, with how many names it fits where that is known."""
        old, _, new = text.partition("=")
        note = "fits no name of the file" if names == 0 else ""
        return cls("", "own", old, new, "" if names is None else f"{names:,}", note, text, taken, True)


class RuleList(Lines):
    """The rules; keys post `Take` and `Edit` for the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("fit rules")
    HAS_HEADER = True
    COLUMNS = (
        Column("", 3, 3),
        Column("", 5, 7),
        Column("in the file", 22, 60, cut="middle"),
        Column("", 1, 1),
        Column("in the network", 22, 60, cut="middle"),
        Column("names", 5, 9, cut="left"),
        Column("", 12, 10_000, drop=1),
    )

    class Take(Message):
        """Posted when the rule under the cursor is to be taken, or left."""

    class Edit(Message):
        """Posted when it is to be changed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[RuleRow] = ()
        self._needs = Needs(self.COLUMNS)

    def show(self, rows: Sequence[RuleRow]) -> None:
        """Show these rules, the cursor where it is."""
        self.rows = rows
        self._needs.reset()
        self._needs.take(map(self._texts, rows))
        self.count = len(rows)
        self.refresh()

    @property
    def row(self) -> RuleRow | None:
        """Return the rule under the cursor; None where there is none."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def render_header(self, width: int) -> Iterable[Segment]:
        return header_of(self.COLUMNS, lay_out(self.COLUMNS, width, self._needs.widths))

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        row = self.rows[index]
        dim, strong = self.look("lines--dim"), self.look("lines--strong")
        name = strong if row.taken else dim
        styles = [strong if row.taken else None, dim, name, dim, name, None, dim]
        return row_of(self.COLUMNS, lay_out(self.COLUMNS, width, self._needs.widths), self._texts(row), styles)

    def click_row(self, row: int, event: Click) -> None:
        """Take or leave the rule whose mark is clicked; elsewhere as in every list."""
        offset = event.get_content_offset(self)
        if event.chain == 1 and offset is not None and offset.x <= len(TAKEN):
            self.cursor = row
            self.action_take()
        else:
            super().click_row(row, event)

    def action_take(self) -> None:
        """Take or leave the rule under the cursor."""
        self.post_message(self.Take())

    def action_choose(self) -> None:
        """Do the same at a double click."""
        self.post_message(self.Take())

    def action_edit_rule(self) -> None:
        """Change the rule under the cursor."""
        self.post_message(self.Edit())

    @staticmethod
    def _texts(row: RuleRow) -> tuple[str, ...]:
        mark = TAKEN if row.taken else LEFT
        return mark, row.certainty, row.old or "(nothing)", "→", row.new or "(nothing)", row.names, row.note


class MisfitList(Lines):
    """What fits and what does not, a heading for each kind; Enter on a tensor of the network posts `Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("fit lists")
    COLUMNS = (
        Column("", 20, 70, cut="middle"),
        Column("", 3, 8, cut="left"),
        Column("", 12, 10_000, drop=1),
    )

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[FitEntry | FitList] = []
        """Entries, and the lists that their headings are of."""
        self._needs = Needs(self.COLUMNS)

    def show(self, fitted: Fitted) -> None:
        """Show what fits and what does not; the cursor stays on its line, if that is still there."""
        before = self.row
        by_name = {each.name: each for each in fitted.lists}
        self.rows = []
        for name in HEADINGS:
            found = by_name.get(name)
            if found is not None and found.count:
                self.rows += [found, *found.entries]
        self._needs.reset()
        self._needs.take(_texts(row) for row in self.rows if isinstance(row, FitEntry))
        self.count = len(self.rows)
        same = [at for at, row in enumerate(self.rows) if isinstance(row, FitEntry) and row == before]
        self.cursor = same[0] if same else 0
        self.refresh()

    @property
    def row(self) -> FitEntry | FitList | None:
        """Return what is under the cursor; None in an empty list."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        row = self.rows[index]
        if isinstance(row, FitList):
            yield Segment(fit(heading_of(row), width), self.look("lines--strong"))
            return
        dim = self.look("lines--dim")
        yield Segment("  ")
        widths = lay_out(self.COLUMNS, max(width - 2, 0), self._needs.widths)
        yield from row_of(self.COLUMNS, widths, _texts(row), [None, dim, dim])


def heading_of(found: FitList) -> str:
    """Return the heading of a list, with how many names are in it."""
    word, _, meaning = HEADINGS[found.name].partition(": ")
    more = f" (the first {len(found.entries):,} lines)" if found.more else ""
    return f"{word} {found.count:,}: {meaning}{more}"


def _texts(entry: FitEntry) -> tuple[str, str, str]:
    return entry.template, f"×{entry.count:,}" if entry.count > 1 else "", _why(entry)


def _why(entry: FitEntry) -> str:
    """Return the reason, and from which names of the file it comes."""
    return "; ".join(filter(None, (entry.reason, entry.source and f"← {entry.source}")))


def whole_text(row: RuleRow | FitEntry | FitList | None) -> str:
    """Return in whole what a line says, however narrow the screen."""
    if isinstance(row, RuleRow):
        old, new = (clean(text) or "(nothing)" for text in (row.old, row.new))
        names = f", {row.names} name{'' if row.names == '1' else 's'}" if row.names else ""
        return f"{row.certainty}{names}: {old} → {new}" + (f"; {clean(row.note)}" if row.note else "")
    if isinstance(row, FitEntry):
        why = clean(_why(row))
        return clean(row.template) + (f": {why}" if row.reason else f" {why}" if why else "")
    return "" if row is None else heading_of(row)
