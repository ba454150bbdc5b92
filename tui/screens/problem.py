"""One error, shown in full; for the engine's end, with the key that starts a new one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from models.messages import Problem
from tui.screens.panel import Panel, TextPane, keys_line
from tui.text import clean


class ProblemScreen(Panel[None]):
    """The panel of one error; R there restarts the engine, or opens again what the error is about.

    Args:
        problem: what to show.
        again: it is about what was open and shall be opened again: the user's own code, which they may have mended.
    """

    DEFAULT_CSS = """
    ProblemScreen > #panel {
        border: round $error;
        & #title { width: 1fr; height: auto; color: $text-error; text-style: bold; }
        & #title.-above { margin: 0 0 1 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close", "Close", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("R", "restart", "Restart the engine", show=False),
    ]

    def __init__(self, problem: Problem, again: bool = False) -> None:
        super().__init__()
        self.problem = problem
        self.again = again
        self._title = f"✗ {clean(problem.title, 300)}"

    def compose(self) -> ComposeResult:
        problem = self.problem
        restart = [("R", "starts a new engine")] if problem.kind == "engine" else []
        if self.again:
            restart = [("R", "opens it again")]
        with Vertical(id="panel") as panel:
            panel.border_title = Content(clean(problem.path, 60) if problem.path else "Problem")
            panel.border_subtitle = keys_line(*restart, ("y", "copies"), ("Esc", "closes"))
            title = Static(self._title, id="title", markup=False)
            if problem.text.strip():
                title.add_class("-above")
            yield TextPane(problem.text.rstrip("\n"), above=title, id="text")

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()

    def action_copy(self) -> None:
        """Copy title and text."""
        self.app.copy_to_clipboard("\n".join(filter(None, (self.problem.title, self.problem.text))))

    async def action_restart(self) -> None:
        """Start a new engine, which opens again what was open; do nothing where the error is about something else."""
        if self.again or self.problem.kind == "engine":
            self.dismiss()
            await self.app.run_action("app.restart")
