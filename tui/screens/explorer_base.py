"""What the parts of the explorer share: its state, and how it tells a user that something went wrong."""

from __future__ import annotations

import asyncio

from textual.screen import Screen
from textual.widgets import Input, TextArea

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.command_line import Options
from tui.engine_link import EngineLink
from tui.first_opening import FirstOpening
from tui.settings import Settings
from tui.text import clean
from tui.widgets.console import Console
from tui.widgets.module_tree import ModuleTree
from tui.widgets.status_line import StatusLine

NOTICE = 160
"""Characters of a notice; the console has the rest."""


class ExplorerBase(Screen[None]):
    """State of the main screen; the mixins add what the keys do.

    Args:
        link: the engine.
        options: what to open first, and with which input.
        settings: what is remembered between starts.
    """

    def __init__(self, link: EngineLink, options: Options, settings: Settings) -> None:
        super().__init__()
        self.first: FirstOpening | None = None
        """What was being opened before this screen stood; it is taken over once."""
        self.link = link
        self.options = options
        self.settings = settings
        self.summary: m.Summary | None = None
        """What is open; kept when the engine dies, as everything on the screen is."""
        self.path = ""
        """The path that is selected."""
        self.row: m.TreeRow | None = None
        """Its row in the tree."""
        self.settled_opening = asyncio.Event()
        """Set while nothing is being opened."""
        self.step = ""
        """How far the opening is, in the engine's words; says more than that the engine is busy opening."""
        if options.source is None:
            self.settled_opening.set()

    @property
    def console(self) -> Console:
        return self.query_one(Console)

    @property
    def module_tree(self) -> ModuleTree:
        return self.query_one(ModuleTree)

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)

    def say(self, text: str) -> None:
        """A word in passing, in the line on top: it covers nothing, and goes by itself."""
        self.status.say(text)

    def show_problem(self, problem: m.Problem, again: bool = False) -> None:
        """Lay the error panel over the screen; with `again`, R there opens again what was open."""
        from tui.screens.problem import ProblemScreen

        same = self.options.attached and problem.kind == "engine"  # of a running program, which is not started anew
        self.app.push_screen(ProblemScreen(problem, again or same))

    @property
    def restart_keys(self) -> str:
        """How a new engine is started from where the user is: at the prompt R is a letter."""
        return "Esc, then R" if self.app.screen is self and isinstance(self.focused, Input | TextArea) else "R"

    def tell(self, error: EngineProblem | EngineGone) -> None:
        """A short notice of what went wrong, with the remedy."""
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
    def show_below(self, name: str) -> None:
        """Bring `console` or `calls` to the front."""
        raise NotImplementedError

    def show_tab(self, name: str, focus: bool = True) -> None:
        """Bring one of the tabs on the right to the front."""
        raise NotImplementedError

    def show_at(self, path: str, row: m.TreeRow | None) -> None:
        """Tell every pane what to show."""
        raise NotImplementedError

    def engine_lost(self, gone: EngineGone) -> None:
        """The engine died, or could not be started."""
        raise NotImplementedError

    def engine_started(self) -> None:
        """A new engine answers."""
        raise NotImplementedError

    def forget_run(self) -> None:
        """Nothing runs any more."""
        raise NotImplementedError

    def forget_runs(self) -> None:
        """The runs so far belong to another model."""
        raise NotImplementedError
