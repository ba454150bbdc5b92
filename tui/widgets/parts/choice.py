"""One of several values on one line, `‹ xavier_uniform_ ›`: arrows, a letter, the wheel and clicks change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import clean, fit_middle


class ChoiceField(Widget, can_focus=True):
    """A line that shows one of its options; `index` is which.

    Args:
        options: what is shown of each.
    """

    DEFAULT_CSS = """
    ChoiceField { height: 1; background: $boost; color: $foreground; }
    ChoiceField:focus { background: $primary-muted; text-style: bold; }
    ChoiceField:nocolor:focus { text-style: bold underline; }
    ChoiceField:ansi:focus { background: ansi_default; text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Before", show=False),
        Binding("right,space", "turn(1)", "Next", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
    ]

    class Changed(Message):
        """Posted when the user chose another option, as `choice.index`."""

        def __init__(self, choice: ChoiceField) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> ChoiceField:
            return self.choice

    index: reactive[int] = reactive(0)

    def __init__(self, options: Sequence[str] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.options = [clean(each, 200) for each in options]

    def offer(self, options: Sequence[str], index: int = 0) -> None:
        """Show other options, of which the one at `index` is chosen."""
        self.options = [clean(each, 200) for each in options]
        self.set_reactive(ChoiceField.index, index)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1

    def render(self) -> Content:
        text = self.options[self.index] if self.options else ""
        room = max(self.content_size.width - 4, 1)
        return Content.assemble("‹ ", (fit_middle(text, min(len(text), room)), ""), " ›")

    def action_turn(self, by: int) -> None:
        """Choose the next option, or the one before it, around the ends."""
        self._choose((self.index + by) % len(self.options) if self.options else 0)

    def action_edge(self, index: int) -> None:
        """Choose the first option, or the last."""
        self._choose(index % len(self.options) if self.options else 0)

    def on_key(self, event: events.Key) -> None:
        if event.character is None or not event.character.isalnum():
            return
        letter, count = event.character.lower(), len(self.options)
        for at in (*range(self.index + 1, count), *range(self.index)):
            if self.options[at].lower().startswith(letter):
                event.stop()
                self._choose(at)
                return

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn(-1 if event.x < 2 else 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_turn(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_turn(-1)

    def _choose(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.post_message(self.Changed(self))
