"""What is remarkable about what is open and its last run: a line each, and that of the cursor in whole below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from models.messages import Finding, FoundFindings
from tui.actions import bindings
from tui.asking import Ask
from tui.text import clean
from tui.widgets.lists.columns import Column, Needs, lay_out, row_of
from tui.widgets.lists.lines import Lines

MARKS = {"error": "✗", "warning": "!", "note": "·"}
"""By severity."""
COLUMNS = (
    Column("", 1, 1),
    Column("where", 8, 26, cut="path"),
    Column("what", 20, 10_000),
)
NOTHING_OPEN = "Nothing is open."
LOOKING = "Looking …"


class FindingList(Lines):
    """The findings, the most serious first; Enter posts `Lines.Chosen`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")

    def __init__(self) -> None:
        super().__init__()
        self.findings: Sequence[Finding] = ()
        self.empty = NOTHING_OPEN
        self._needs = Needs(COLUMNS)

    def show(self, findings: Sequence[Finding]) -> None:
        """Show these in place of those that are shown.

        The cursor stays at the finding that it was moved to, else at the first, the most serious.
        """
        before = self.finding if self.cursor else None
        self.findings = findings
        self._needs.reset()
        self._needs.take(map(_texts, findings))
        self.count = len(findings)
        self.cursor = findings.index(before) if before in findings else 0
        self.refresh()

    @property
    def finding(self) -> Finding | None:
        """Return the finding under the cursor; None where there is none."""
        return self.findings[self.cursor] if self.cursor < len(self.findings) else None

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        finding = self.findings[index]
        widths = lay_out(COLUMNS, width, self._needs.widths)
        mark = self.look("lines--dim" if finding.severity == "note" else "lines--problem")
        return row_of(COLUMNS, widths, _texts(finding), [mark, self.look("lines--dim"), None])


class Findings(Vertical):
    """The findings that `show` is given; Enter posts `Chosen` with the one under the cursor."""

    DEFAULT_CSS = """
    Findings {
        & > FindingList { height: 1fr; }
        & > #whole { height: auto; padding: 0 1; color: $text-muted; background: $panel; display: none; }
        &.-any > #whole { display: block; }
    }
    """

    class Chosen(Message):
        """Posted when one is to be gone to; `run` is the one that its call counts in."""

        def __init__(self, finding: Finding, run: int | None) -> None:
            super().__init__()
            self.finding = finding
            self.run = run

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.run: int | None = None
        self._lines = FindingList()
        self._whole = Static("", id="whole", markup=False)

    def compose(self) -> ComposeResult:
        yield self._lines
        yield self._whole

    def show(self, found: FoundFindings | None) -> None:
        """Show what was found; None while it is being looked for in what was just opened."""
        self.run = None if found is None else found.run
        self._lines.empty = LOOKING if found is None else f"Nothing remarkable in {found.looked_at}."
        self._lines.show(() if found is None else found.findings)
        self.set_class(bool(self._lines.count), "-any")
        self._divide()
        self._show_whole()

    def on_resize(self) -> None:
        self._divide()

    def _divide(self) -> None:
        """Give the text of the finding under the cursor the rows that the list leaves, and half of them at least."""
        self._whole.styles.max_height = max(self.size.height - self._lines.count, self.size.height // 2 + 1)

    @on(Lines.Moved)
    def _show_whole(self) -> None:
        finding = self._lines.finding
        self._whole.update("" if finding is None else whole_text(finding))

    @on(Lines.Chosen)
    def _chosen(self, message: Lines.Chosen) -> None:
        message.stop()
        if (finding := self._lines.finding) is not None:
            self.post_message(self.Chosen(finding, self.run))


def whole_text(finding: Finding) -> str:
    """Return a finding in whole, with its kind and the line."""
    where = f"  ({clean(finding.where)})" if finding.where else ""
    return f"{finding.severity}, {clean(finding.kind)}: {clean(finding.text)}{where}"


def counts_text(findings: Sequence[Finding]) -> str:
    """Return how many there are of each severity: `1 error, 2 notes`; empty for none."""
    counts = {severity: sum(each.severity == severity for each in findings) for severity in MARKS}
    return ", ".join(f"{count:,} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items() if count)


def _texts(finding: Finding) -> tuple[str, str, str]:
    where = "" if finding.path is None else finding.path or "(root)"
    return MARKS[finding.severity], where, finding.text
