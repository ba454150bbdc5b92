"""The screen of what is shared: objects, memory and values, with what that saves and what to look out for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui import numbers
from tui.actions import bindings
from tui.asking import Ask
from tui.screens.beside_tour import BesideTour
from tui.screens.closing import ClosesItself
from tui.screens.explorer_base import NOTICE
from tui.screens.running import Running
from tui.text import clean
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.key_line import KeyLine
from tui.widgets.table.share_list import ShareList, whole_text

LOW = 30
"""Rows of a terminal below which what is said of the row under the cursor gets more of them."""
LOOKING = "Looking …"
COUNTED = (
    ("object", "shared object", "shared objects"),
    ("memory", "shared memory", "shared memories"),
    ("flat", "flat memory", "flat memories"),
    ("part", "in a larger memory", "in larger memories"),
    ("equal", "set of equal values", "sets of equal values"),
)
"""Of each kind of group what one is called, and several."""
NOTHING = "Nothing is shared: every name has an object of its own, and each tensor a memory of its own."


@dataclass(frozen=True)
class SharingLeft:
    """How the screen was left."""

    path: str | None = None
    """What is to be shown in the tree."""
    code: str = ""
    """What is to be run in the console."""


class SharingScreen(BesideTour[SharingLeft], ClosesItself[SharingLeft], Screen[SharingLeft]):
    """The screen that ends with what was chosen, or None.

    Args:
        ask: sends requests to the engine.
        name: what is open.
        checkpoint: whether that is a file of tensors, which has no findings that belong here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sharing"), Binding("q", "close_sharing", "back", show=False)]
    DEFAULT_CSS = """
    SharingScreen {
        background: $surface;
        & > #title { height: 1; background: $panel; text-style: bold; color: $accent; padding: 0 1; }
        & > #heading { height: auto; padding: 0 1; margin: 0 0 1 0; }
        & > ShareList { height: 1fr; }
        & > #whole { height: auto; max-height: 40%; min-height: 1; padding: 0 1; background: $panel; }
        &.-low > #whole { max-height: 60%; }
        &.-low > #heading { margin: 0; }
    }
    """

    def __init__(self, ask: Ask, name: str, checkpoint: bool) -> None:
        super().__init__()
        self._ask, self._source_name, self._checkpoint = ask, name, checkpoint
        self.groups: list[m.SharingGroup] = []
        self._findings: list[m.Finding] = []
        self._tensors, self._more = 0, 0
        self._state = LOOKING
        """How far the looking is; empty when it is over."""

    def compose(self) -> ComposeResult:
        yield Static(f"What is shared in {clean(self._source_name, NOTICE)}", id="title", markup=False)
        yield Static(LOOKING, id="heading", markup=False)
        yield ShareList()
        yield Static("", id="whole", markup=False)
        yield KeyLine()

    @property
    def list(self) -> ShareList:
        """Return the list of groups."""
        return self.query_one(ShareList)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(self.room.height < LOW, "-low")

    def on_mount(self) -> None:
        self.list.empty = LOOKING
        self.list.focus()
        self._look()

    @work(exclusive=True, group="sharing", exit_on_error=False)
    async def _look(self) -> None:
        """Look for objects and memory, then for what is to be looked out for, then for equal values."""
        try:
            found = await self._ask(m.ReadSharing(), m.SharingFound)
            self.groups, self._tensors, self._more = list(found.groups), found.tensors, found.more
            self._state = "comparing values …"
            self._show()
            if not self._checkpoint:
                self._findings = list((await self._ask(m.ReadFindings(), m.FoundFindings)).findings)
                self._show()
            equal = await self._ask(m.ReadSharing(values=True), m.SharingFound, self._show_progress)
            self.groups += equal.groups
            self._more += equal.more
        except EngineProblem as error:
            self._state = clean(error.problem.title, NOTICE)
        except EngineGone:
            self.dismiss(None)
            return
        else:
            self._state = ""
        self._show()

    def _show_progress(self, progress: m.Progress) -> None:
        self._state = clean(progress.text, NOTICE)
        self._show_heading()

    def _show(self) -> None:
        self.list.empty = NOTHING if not self._state else LOOKING
        self.list.show(self.groups, self._findings)
        self._show_heading()
        self._describe()

    def _show_heading(self) -> None:
        counts = [
            f"{count:,} {one if count == 1 else several}"
            for kind, one, several in COUNTED
            if (count := sum(group.kind == kind for group in self.groups))
        ]
        saved = sum(group.saved for group in self.groups if group.kind in ("object", "memory"))
        text = f"{self._tensors:,} tensors: {', '.join(counts) or 'nothing shared'}"
        text += f"; sharing saves {numbers.size(saved)}" if saved else ""
        text += f"; {self._more:,} more groups are not listed" if self._more else ""
        text += f"   {self._state}" if self._state else ""
        self.query_one("#heading", Static).update(Content(text))

    @on(Lines.Moved)
    def _describe(self) -> None:
        self.query_one("#whole", Static).update(Content(whole_text(self.list.row)))
        group = self.list.group
        mends = group is not None and bool(group.code)
        self.query_one(KeyLine).leave_out(frozenset() if mends else frozenset({"mend"}))

    @on(Lines.Chosen)
    def _chosen(self, message: Lines.Chosen) -> None:
        message.stop()
        if (path := self.list.path) is not None:
            self.dismiss(SharingLeft(path=path))

    def action_mend(self) -> None:
        """Tie, untie or copy what the cursor is on."""
        group = self.list.group
        if group is None or not group.code:
            self.notify("Nothing can be done about it here.", timeout=3, markup=False)
            return
        self.dismiss(SharingLeft(code=group.code))

    def action_close_sharing(self) -> None:
        """Go back to the explorer; what still looks is cancelled."""
        self.dismiss(None)


class ShowingSharing(Running):
    """What the explorer does to show what is shared."""

    def action_sharing(self) -> None:
        """Show what is shared."""
        if self.summary is not None:
            screen = SharingScreen(self.link.ask, self.summary.source, self.summary.kind == "checkpoint")
            self.app.push_screen(screen, self._share_chosen)

    def _share_chosen(self, left: SharingLeft | None) -> None:
        if left is None:
            return
        if left.path is not None:
            self.go_to(left.path)
        elif self.running or self.pending:
            self.status_message("something runs: it can be tied when that is over")
        else:
            self.console.run(left.code)
            self.show_tab("console", focus=False)
