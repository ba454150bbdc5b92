"""What the parts of the explorer share: its state, and the four ways to say something to a user."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cached_property

from textual.screen import Screen
from textual.widgets import Input, TextArea

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.command_line import CommandOptions
from tui.engine_link import EngineLink
from tui.first_opening import EarlyReply, FirstOpening
from tui.frame_clock import FrameClock
from tui.recent import RecentSources
from tui.settings import Settings
from tui.tabs import Area, Tab, tabs_in
from tui.text import clean
from tui.widgets.console.console import Console
from tui.widgets.parts.pane import Pane
from tui.widgets.parts.status_line import StatusLine
from tui.widgets.tree.module_tree import ModuleTree

NOTICE = 160
"""Characters of a notice; the console has the rest."""


class ExplorerBase(Screen[None]):
    """State of the main screen; the mixins add what the keys do.

    Args:
        link: the engine.
        options: what to open first, and with which input.
        settings: what is remembered between starts.
    """

    def __init__(self, link: EngineLink, options: CommandOptions, settings: Settings) -> None:
        super().__init__()
        self.first: FirstOpening | None = None
        """What was being opened before this screen stood; it is taken over once."""
        self.link = link
        self.options = options
        self.settings = settings
        self.meant_sources = {options.source}
        """What the command line's inputs and `--trust` are for: what it names, and what was chosen in that."""
        self.recent = RecentSources(settings.path.parent)
        """What was opened before."""
        self.summary: m.Summary | None = None
        """What is open; kept when the engine dies, as everything on the screen is."""
        self.path = ""
        """The path that is selected."""
        self.row: m.TreeRow | None = None
        """Its row in the tree."""
        self.call: m.CallTensor | None = None
        """The call that is selected in place of the path; None for none."""
        self.steps: list[m.Place] = []
        """What was selected before each step, the last one last."""
        self.steps_ahead: list[m.Place] = []
        """What was gone back from, the last one last."""
        self.named = False
        """Whether a statement ran in the console, which may have made names there."""
        self.input_specs: list[str] = []
        """The inputs that were set in the form, as `--input` takes them."""
        self.run_mode: m.RunMode | None = None
        """The mode of a forward that was set there; None where none was."""
        self.settled_opening = asyncio.Event()
        """Set while nothing is being opened."""
        self.progress_text = ""
        """How far the opening is, in the engine's words; says more than that the engine is busy opening."""
        if options.source is None:
            self.settled_opening.set()

    @cached_property
    def _update_timer(self) -> FrameClock:  # type: ignore[override]
        """What Textual has this screen drawn by."""
        return FrameClock(self._on_timer_update, lambda: self.is_running and not self.app._exit)

    @property
    def console(self) -> Console:
        """Return the console."""
        return self.query_one(Console)

    @property
    def module_tree(self) -> ModuleTree:
        """Return the tree."""
        return self.query_one(ModuleTree)

    @property
    def compared_to(self) -> str:
        """Return what is compared with: a source, a snapshot's name, `as it was opened`; empty for nothing."""
        return ""

    def panes(self) -> Iterator[tuple[Tab, Pane]]:
        """Yield each tab on the right with its pane, whether it is seen or not."""
        for tab in tabs_in("right"):
            yield tab, self.query_one(f"#{tab.id}", Pane)

    @property
    def status(self) -> StatusLine:
        """Return the line on top."""
        return self.query_one(StatusLine)

    def status_message(self, text: str) -> None:
        """Show a text for some seconds in the line on top: it covers nothing, and goes by itself."""
        self.status.show_message(text)

    def log_to_console(self, text: str) -> None:
        """Write a remark into the console's log, where it stays."""
        self.console.show_note(text)

    def show_error(self, problem: m.Problem, again: bool = False) -> None:
        """Lay the error panel over the screen; with `again`, R there opens again what was open."""
        from tui.screens.problem import ProblemScreen

        same = self.options.attached and problem.kind == "engine"  # of a running program, which is not started anew
        self.app.push_screen(ProblemScreen(problem, again or same))

    @property
    def restart_keys(self) -> str:
        """Return the keys that start a new engine from where the user is: at the prompt R is a letter."""
        return "Esc, then R" if self.app.screen is self and isinstance(self.focused, Input | TextArea) else "R"

    def notify_error(self, error: EngineProblem | EngineGone) -> None:
        """Show a short notice of what went wrong, with the remedy."""
        if isinstance(error, EngineProblem):
            problem = error.problem
            if problem.kind == "gone" and problem.path is not None:
                return  # asked just before the tree was refreshed: the tree shows what there is
            text = clean(problem.text.strip().partition("\n")[0], NOTICE)
            self.notify(text, title=clean(problem.title, NOTICE), severity="warning", markup=False)
        else:
            self.notify(f"{self.restart_keys} starts a new one.", title=error.title, severity="error", markup=False)

    def go_to(self, path: str) -> None:
        """Select `path` in the tree, unfolding what hides it."""
        self.module_tree.go_to(path)

    # -- what one part gives to the others; each is defined in the part that it belongs to
    def show_tab(self, name: str, focus: bool = True) -> None:
        """Bring the tab whose id is `name` to the front of its area; the focus goes there, unless `focus` is False."""
        raise NotImplementedError

    def shown_tab(self, area: Area) -> str:
        """Return the id of the tab that is seen in an area."""
        raise NotImplementedError

    def look_anew(self, opened: bool = False) -> None:
        """Have the engine look for what is remarkable; `opened`: nothing of what was known holds any more."""
        raise NotImplementedError

    def show_count(self, name: str, count: int | None) -> None:
        """Write behind the title of the tab `name` how many things it holds; None writes nothing."""
        raise NotImplementedError

    def show_at(self, path: str, row: m.TreeRow | None) -> None:
        """Show in every pane what is at `path`; `row` is what the tree knows of it, None until it does."""
        raise NotImplementedError

    def show_object(self) -> None:
        """Show in every pane what is selected."""
        raise NotImplementedError

    def select_call(self, place: m.CallTensor) -> None:
        """Select a call of the run that Calls shows."""
        raise NotImplementedError

    def select_tree(self) -> None:
        """Select what the tree's cursor is on, if a call was selected."""
        raise NotImplementedError

    def compare_with(self, source: str, early: EarlyReply[m.Compared] | None = None) -> None:
        """Compare what is open with `source`; `early` is the reply where that was asked for already."""
        raise NotImplementedError

    def comparison_over(self, again: bool) -> None:
        """Take in that another model is open, or with `again` the same one anew, which is compared as it was."""
        raise NotImplementedError

    def stop_comparing(self) -> bool:
        """Stop reading the differences; return False where none are being read."""
        raise NotImplementedError

    def next_side(self) -> bool:
        """Show the other side of what is compared; return False where nothing is."""
        raise NotImplementedError

    def note_step(self) -> None:
        """Note what is selected, to come back to it."""
        raise NotImplementedError

    def observe(self, kind: str, value: str) -> None:
        """Take in what is seen or happened: what a guided tour may wait for (see `tui.tours.conditions`)."""
        raise NotImplementedError

    def engine_lost(self, gone: EngineGone) -> None:
        """Take in that the engine died, or could not be started."""
        raise NotImplementedError

    def engine_started(self) -> None:
        """Take in that a new engine answers."""
        raise NotImplementedError

    def forget_run(self) -> None:
        """Take in that nothing runs any more."""
        raise NotImplementedError

    def forget_runs(self) -> None:
        """Drop the runs so far: they belong to another model."""
        raise NotImplementedError
