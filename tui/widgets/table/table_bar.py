"""The lines above the table of tensors: a filter to type, how many tensors it leaves, what is under way or wrong."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.text import clean
from tui.widgets.parts.line_input import LineInput
from tui.widgets.parts.words import say

DEBOUNCE = 0.03
"""Seconds of rest after a key before the engine is asked."""
HINT = "words, !words, dtype:bf16, size>1MB, shape:4096, nonfinite>0"
HINT_OF_DIFFERENCES = "changed, !equal, rel>0.01, change>1e-3, words, dtype:bf16"
"""While something is compared."""
LONGEST = 400
"""Characters of what is shown."""


class FilterInput(LineInput):
    """The line in which the filter is typed; the pane's keys go past it to the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "to the table", key_display="Enter"),
        Binding("escape", "drop", "drop it"),
    ]

    def action_leave(self) -> None:
        """Go to the table."""
        self.post_message(TableBar.Left(False))

    def action_drop(self) -> None:
        """Drop the filter."""
        self.post_message(TableBar.Left(True))


class TableBar(Vertical):
    """The lines above a table of tensors; they take no room while there is nothing to show."""

    DEFAULT_CSS = """
    TableBar {
        height: auto; background: $panel; color: $foreground; display: none;
        & Horizontal { height: 1; }
        & Static { width: auto; height: 1; color: $text-muted; }
        & .label { padding: 0 1; }
        & Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
        & .text { max-width: 70%; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & .text.alone { max-width: 100%; width: 1fr; }
        & .trouble { width: 1fr; height: auto; max-height: 3; padding: 0 1; color: $text-error; display: none; }
        &:ansi { background: ansi_default; }
        &:ansi .trouble { color: ansi_red; }
    }
    """

    class Changed(Message):
        """Posted when another filter is wanted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Posted when the user is done with typing; `dropped` when the filter goes."""

        def __init__(self, dropped: bool) -> None:
            super().__init__()
            self.dropped = dropped

    def __init__(self, hint: str = HINT) -> None:
        super().__init__()
        self.hint = hint
        """Examples of what may be typed."""
        self.typing = False
        """Whether the filter is open although it may be empty."""
        self.input = FilterInput(placeholder=hint, select_on_focus=False, compact=True)
        """The line in which the filter is typed."""
        self._label = Static("filter", classes="label", markup=False)
        self._text = Static("", classes="text", markup=False)
        self._trouble = Static("", classes="trouble", markup=False)
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self.input
            yield self._text
        yield self._trouble

    def open(self, label: str = "filter", text: str | None = None) -> None:
        """Let the user type a filter, or what `label` says; `text` stands there at first, None leaves what does."""
        self.typing = True
        say(self._label, label)
        self.input.placeholder = self.hint
        if text is not None:
            with self.prevent(Input.Changed):
                self.input.value = text
        self._arrange("")
        self.input.focus()

    def drop(self) -> None:
        """Have no filter."""
        self.typing = False
        self._stop()
        with self.prevent(Input.Changed):
            self.input.value = ""

    def show(self, text: str, trouble: str = "", filters: bool = True) -> None:
        """Show `text` at the right end and `trouble` below; without `filters` nothing that is shown can be filtered."""
        say(self._text, clean(text, LONGEST))
        say(self._trouble, clean(trouble, LONGEST))
        self._trouble.display = bool(trouble)
        self._arrange(text, filters)

    def _arrange(self, text: str, filters: bool = True) -> None:
        filtering = filters and (self.typing or bool(self.input.value))
        self.input.display = self._label.display = filtering
        self._text.set_class(not filtering, "alone")
        self.display = filtering or bool(text)

    def _stop(self) -> None:
        if self._rest is not None:
            self._rest.stop()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._stop()
        self._rest = self.set_timer(DEBOUNCE, self._changed)

    def _changed(self) -> None:
        self.post_message(self.Changed(self.input.value))
