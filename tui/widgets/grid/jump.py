"""A one-line prompt for the index of an element."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.screens.closing import ClosesItself
from tui.text import clean
from tui.widgets.parts.line_input import LineInput


def parse_index(text: str, shape: Sequence[int], leading: Sequence[int] = ()) -> list[int]:
    """Return the index written as `3,17`, `3 17` or `[2, 0, 3, 17]`, complete and not negative.

    Negative numbers count from the end, as in Python.  Of a tensor with more than two dimensions the last two numbers
    are enough: `leading` are then the others.

    Raises:
        ValueError: the text is no index into `shape`; the message is for the user.
    """
    inner = text.strip().removeprefix("[").removesuffix("]")
    parts = [part for part in re.split(r"[,\s]+", inner.strip()) if part]
    bad = next((part for part in parts if not re.fullmatch(r"[+-]?\d{1,18}", part, re.ASCII)), None)
    if bad is not None:
        raise ValueError(f"“{clean(bad, 20)}” is not a whole number")
    numbers = [int(part) for part in parts]
    if len(shape) > 2 and len(numbers) == 2:
        numbers = [*leading, *numbers]
    if len(numbers) != len(shape):
        few = " (or the last two)" if len(shape) > 2 else ""
        count = f"{len(shape)} number{'s' if len(shape) != 1 else ''}"
        raise ValueError(f"shape {list(shape)} takes {count}{few}, not {len(numbers)}")
    for dimension, (number, size) in enumerate(zip(numbers, shape, strict=True)):
        if not -size <= number < size:
            raise ValueError(f"{number} is outside dimension {dimension}: 0 to {size - 1}")
    return [number % size for number, size in zip(numbers, shape, strict=True)]


class Jump(ClosesItself[list[int] | None], ModalScreen[list[int] | None]):
    """The prompt for an index into `shape`; ends with it, or with None after Escape."""

    DEFAULT_CSS = """
    Jump {
        align: center bottom; background: transparent;
        & > Vertical {
            width: 60; max-width: 100%; height: auto; margin: 0 1 2 1; padding: 0 1;
            background: $surface; border: round $primary; border-title-color: $foreground;
        }
        & Input, & Input:focus { border: none; height: 1; padding: 0; background: $surface; }
        & Static { height: auto; color: $text-muted; }
        & Static.-wrong { color: $text-error; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+c", "dismiss(None)", "Cancel", priority=True)]

    def __init__(self, shape: Sequence[int], leading: Sequence[int] = ()) -> None:
        super().__init__()
        self._shape = list(shape)
        self._leading = list(leading)

    def compose(self) -> ComposeResult:
        box = Vertical()
        box.border_title = "Jump to an index"
        with box:
            yield LineInput(placeholder=", ".join(f"0…{size - 1}" for size in self._shape), select_on_focus=False)
            yield Static(self._hint(), markup=False)

    def _hint(self) -> str:
        return f"into shape {self._shape}; -1 is the last.  Enter jumps, Escape cancels"

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show at once what is wrong with an index, but not with one that is still being typed."""
        self._show_error("")
        if event.value.strip():
            try:
                parse_index(event.value, self._shape, self._leading)
            except ValueError as error:
                if "outside" in str(error) or "whole" in str(error):
                    self._show_error(str(error))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(parse_index(event.value, self._shape, self._leading))
        except ValueError as error:
            self._show_error(str(error))

    def _show_error(self, wrong: str) -> None:
        line = self.query_one(Static)
        line.set_class(bool(wrong), "-wrong")
        line.update(Content(wrong or self._hint()))
