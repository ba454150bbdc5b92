"""What the panels with a list of numbered choices share: the list, its keys, and a digit for each of the first nine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ScreenResultType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.screens.panel import Panel
from tui.widgets.lists.options import Options

DIGITS = 9
"""Choices that have a key of their own."""


class NumberedPanel(Panel[ScreenResultType]):
    """A panel with one list; Enter, a click and a digit choose from it."""

    DEFAULT_CSS = """
    NumberedPanel > #panel > OptionList {
        height: auto;
        border: none;
        padding: 0;
        background: $surface;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    NumberedPanel:nocolor > #panel > OptionList > .option-list--option-highlighted { text-style: bold underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "highlight(1)", "Down", show=False),
        Binding("k", "highlight(-1)", "Up", show=False),
        Binding("g", "edge(-1)", "First", show=False),
        Binding("G", "edge(1)", "Last", show=False),
    ]

    def chosen(self, index: int) -> None:
        """Take the choice of this index."""
        raise NotImplementedError

    def options(self, lines: Iterable[Content]) -> Options:
        """Return the list of the choices, each with its digit before its line."""
        return Options(*self.numbered(lines))

    def numbered(self, lines: Iterable[Content]) -> list[Option]:
        """Return the choices with their digits before their lines."""
        return [Option(Content.assemble((_key(at), "bold"), "  ", line)) for at, line in enumerate(lines, 1)]

    @property
    def option_list(self) -> OptionList:
        """Return the list."""
        return self.query_one(OptionList)

    def on_mount(self) -> None:
        self.option_list.focus()
        self.option_list.highlighted = 0 if self.option_list.option_count else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.chosen(event.option_index)

    def on_key(self, event: events.Key) -> None:
        if event.key in "123456789" and int(event.key) <= self.option_list.option_count:
            event.stop()
            self.chosen(int(event.key) - 1)

    def action_highlight(self, by: int) -> None:
        """Move in the list, down where `by` is positive."""
        if by > 0:
            self.option_list.action_cursor_down()
        else:
            self.option_list.action_cursor_up()

    def action_edge(self, to: int) -> None:
        """Go to the last choice where `to` is positive, else to the first."""
        if to > 0:
            self.option_list.action_last()
        else:
            self.option_list.action_first()


def _key(number: int) -> str:
    return str(number) if number <= DIGITS else " "
