"""One line on which one of a few words is chosen, with arrows, Space or the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

GAP = "  "


class ChoiceLine(Widget, can_focus=True):
    """A label and the words; the chosen one is marked.

    Args:
        label: what is chosen.
        choices: the words.
        chosen: the index of the one that is chosen.
        label_width: cells of the label.
    """

    DEFAULT_CSS = """
    ChoiceLine {
        height: 1;
        &:focus { background: $primary-muted; }
        &:nocolor:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "turn(1)", "Next", show=False),
        Binding("left,h", "turn(-1)", "Previous", show=False),
        Binding("enter", "submit", "Set", show=False),
    ]
    chosen: reactive[int] = reactive(0)

    class Submitted(Message):
        """Posted when Enter was pressed."""

    def __init__(self, label: str, choices: Sequence[str], chosen: int = 0, *, label_width: int = 0) -> None:
        super().__init__()
        self.label = label.ljust(label_width)
        self.choices = list(choices)
        self.set_reactive(ChoiceLine.chosen, chosen)

    def render(self) -> Content:
        parts: list[str | tuple[str, str]] = [(self.label, "dim")]
        for index, choice in enumerate(self.choices):
            parts += [GAP, (f"● {choice}", "bold") if index == self.chosen else f"○ {choice}"]
        return Content.assemble(*parts)

    def action_turn(self, by: int) -> None:
        """Choose the next word, or the one before."""
        self.chosen = (self.chosen + by) % len(self.choices)

    def action_submit(self) -> None:
        """Post `Submitted`."""
        self.post_message(self.Submitted())

    def on_click(self, event: events.Click) -> None:
        left = len(self.label)
        for index, choice in enumerate(self.choices):
            right = left + len(GAP) + 2 + len(choice)
            if left + len(GAP) <= event.x < right:
                self.chosen = index
            left = right
