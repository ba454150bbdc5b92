"""The table of calls with a filter above it, and below it what of the row under the cursor has no room in its line."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from models.messages import CallPlace, NextCallHit
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.text import clean
from tui.widgets.parts.words import say
from tui.widgets.table.call_columns import title_of
from tui.widgets.table.call_listing import CallLines, is_of_a
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.table_bar import TableBar

HINT = "op:linear, nan>0, ms>1, spread<0.01, kept>1MB, line:net.py:12, words, !words"
HINT_OF_RUNS = "differs, !equal, rel>0.01, grew>2, change>1e-3, op:linear, words, !words"
"""While two runs are compared."""
LONGEST = 1000
"""Characters of what is shown below."""


class CallsPane(Vertical):
    """The calls of the last run; the focus is the table's."""

    DEFAULT_CSS = """
    CallsPane {
        & > .whole { height: auto; max-height: 4; padding: 0 1; background: $panel; color: $text-muted; display: none; }
        & > .whole.-failed { color: $text-error; }
        &:ansi > .whole { background: ansi_default; }
        &:ansi > .whole.-failed { color: ansi_red; }
    }
    """

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.bar = TableBar(HINT)
        self.table = CallTable(ask)
        self.sought = ""
        """The last search; `next_hit` walks its hits."""
        self._searching = False
        self._start = (0, False)
        """The call from which a search that is being typed looks on, and whether run A alone made it."""
        self._hits = ""
        """How many calls the search finds."""
        self.compared = ""
        """Which runs are compared, in a few words; empty where none are."""
        self.whole = Static("", classes="whole", markup=False)

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.table
        yield self.whole

    def compare(self, text: str) -> None:
        """Say which runs are compared, in a few words; an empty text where none are."""
        self.compared = text
        self._update()

    # -- searching

    def open_search(self) -> None:
        """Let the user type what to search the calls for: the cursor goes to the first one that matches."""
        if self.table.run is None:
            return
        self._searching, self._hits = True, ""
        self.table.holds_still = True
        row = self.table.row
        self._start = (0, False) if row is None else (row.index, is_of_a(row))
        self.bar.open("search", "")
        self._update()

    def next_hit(self, direction: int) -> None:
        """Go to the next call (1) or the previous one (-1) that the last search matches."""
        row = self.table.row
        if self.sought and self.table.run is not None:
            after = (-1, False) if row is None else (row.index, is_of_a(row))
            self._seek(self.table.run, after, direction)

    @work(exclusive=True, exit_on_error=False, group="call search")
    async def _seek(self, run: int, after: tuple[int, bool], direction: int) -> None:
        request = NextCallHit(
            run=run, query=self.sought, after=after[0], direction=direction, against=self.table.against,
            of_other=after[1],
        )  # fmt: skip
        try:
            found = await self.table.ask(request, CallPlace)
        except EngineGone:
            return
        except EngineProblem as error:
            self.table.trouble = f"{clean(error.problem.title)}. {clean(error.problem.text)}"
        else:
            self.table.trouble = ""
            self._hits = f"{found.number:,} of {found.count:,}: n and N walk them" if found.count else "no call matches"
            if found.index is not None:
                self.table.go_to(found.index, found.of_other)
        self._update()

    def _leave_search(self) -> None:
        self._searching, self._hits = False, ""
        self.table.trouble = ""
        self.bar.open("filter", self.table.wanted.query)  # as it was before
        self.bar.typing = False

    # -- filtering

    def on_call_lines_filter_wanted(self, event: CallLines.FilterWanted) -> None:
        event.stop()
        self.bar.open()
        self._update()

    def on_call_lines_status_changed(self, event: CallLines.StatusChanged) -> None:
        event.stop()
        self._update()

    def on_table_bar_changed(self, event: TableBar.Changed) -> None:
        event.stop()
        if not self._searching:
            self.table.filter(event.text)
            return
        self.sought = event.text.strip()
        if self.sought and self.table.run is not None:
            index, of_a = self._start
            self._seek(self.table.run, (index, True) if of_a else (index - 1, False), 1)

    def on_table_bar_left(self, event: TableBar.Left) -> None:
        event.stop()
        if self._searching:
            self._leave_search()
            self._update()
            self.table.focus(scroll_visible=False)
            return
        if event.dropped or not self.bar.input.value.strip():
            self.bar.drop()
        self.bar.typing = False
        self.table.filter(self.bar.input.value)
        self._update()
        self.table.focus(scroll_visible=False)

    def _update(self) -> None:
        table = self.table
        if table.run is None or not (self._searching or self.bar.typing or table.wanted.query.strip()):
            self.bar.drop()
        self.bar.show(" · ".join(self._facts()), table.trouble or table.remark, filters=table.run is not None)
        self.bar.hint = HINT if table.against is None else HINT_OF_RUNS
        row = table.row
        text = table.cut_off(row) if row is not None else ""
        say(self.whole, text[:LONGEST])
        self.whole.display = bool(text)
        self.whole.set_class(row is not None and bool(row.failed), "-failed")

    def _facts(self) -> list[str]:
        listing = self.table.listing
        if self._searching:
            return [self._hits] if self._hits else []
        facts = [self.compared]
        if listing.query.strip():
            facts.append(f"{self.table.count:,} of {self.table.all:,}")
        if not self.table.shows_order:
            facts.append(title_of(listing.order, listing.descending))
        return [fact for fact in facts if fact]
