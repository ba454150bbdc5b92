"""A question with two answers; the safe one is chosen until the user says otherwise."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui.screens.panel import Panel
from tui.text import clean, clean_lines


class ConfirmScreen(Panel[bool]):
    """A question, dismissed with True for yes, False for no, None for Escape."""

    DEFAULT_CSS = """
    ConfirmScreen > #panel {
        width: auto;
        max-width: 72;
        padding: 1 2;
        & > #question { width: auto; max-width: 64; height: auto; }
        & > Horizontal { width: auto; height: auto; margin: 1 0 0 0; }
        & Button { height: 1; min-width: 8; border: none; margin: 0 2 0 0; padding: 0 1; background: $panel; }
        & Button:focus { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        &:ansi Button:focus { background: ansi_default; color: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
        Binding("left,up,h,k", "app.focus_previous", "Other", show=False),
        Binding("right,down,l,j", "app.focus_next", "Other", show=False),
    ]

    def __init__(self, title: str, question: str, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._heading = title
        self._question = question
        self._labels = (yes, no)

    def compose(self) -> ComposeResult:
        yes, no = self._labels
        with Vertical(id="panel") as panel:
            panel.border_title = Content(clean(self._heading, 60))
            yield Static("\n".join(clean_lines(self._question)), id="question", markup=False)
            with Horizontal():
                yield Button(Content(f"n  {no}"), id="no")
                yield Button(Content(f"y  {yes}"), id="yes")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Close with the answer of a key."""
        self.dismiss(yes)
