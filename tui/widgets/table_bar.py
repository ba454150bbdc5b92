"""The line above the table of tensors: a filter to type, and how many tensors it leaves or what is under way."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.text import clean

DEBOUNCE = 0.03
"""Seconds of rest after a key before the engine is asked."""
HINT = "words, dtype:bf16, size>1MB, shape:4096, nan>0"


class FilterInput(Input):
    """Where the filter is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "to the table", key_display="Enter"),
        Binding("escape", "drop", "no filter"),
    ]

    def action_leave(self) -> None:
        self.post_message(TableBar.Left(False))

    def action_drop(self) -> None:
        self.post_message(TableBar.Left(True))


class TableBar(Horizontal):
    """Takes no room while it has nothing to say."""

    DEFAULT_CSS = """
    TableBar {
        height: 1; background: $panel; display: none;
        & Input { width: 1fr; height: 1; border: none; padding: 0 1; }
        & Static { width: auto; max-width: 70%; height: 1; padding: 0 1; color: $text-muted; }
        & Static.trouble { color: $text-error; }
    }
    """

    class Changed(Message):
        """Another filter is wanted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The person is done with typing; `dropped` when the filter goes."""

        def __init__(self, dropped: bool) -> None:
            super().__init__()
            self.dropped = dropped

    def __init__(self) -> None:
        super().__init__()
        self.typing = False
        """Whether the filter is open."""
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        yield FilterInput(placeholder=HINT, select_on_focus=False, compact=True)
        yield Static("", markup=False)

    @property
    def input(self) -> FilterInput:
        return self.query_one(FilterInput)

    def open(self) -> None:
        """Let the person type."""
        self.typing = True
        self.display = True
        self.input.display = True
        self.input.focus()

    def drop(self) -> None:
        """No filter."""
        self.typing = False
        with self.prevent(Input.Changed):
            self.input.value = ""

    def tell(self, text: str, trouble: bool = False) -> None:
        """Say something at the right end."""
        told = self.query_one(Static)
        told.update(clean(text, 200))
        told.set_class(trouble, "trouble")
        self.input.display = self.typing
        self.display = self.typing or bool(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(DEBOUNCE, lambda: self.post_message(self.Changed(self.input.value)))
