"""The keys that apply now, in one line: those of the pane with the focus first, help and quit never cut away."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.dom import DOMNode
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.actions import FOOTER

GAP = 2
"""Cells between two keys."""
LAST = ("help", "quit")
"""Actions that stay where there is room for few."""
ORDER = {action: place for place, action in enumerate(FOOTER, 1)}

NAMES = {
    "enter": "Enter", "escape": "Esc", "tab": "Tab", "shift+tab": "⇧Tab", "space": "Space", "f1": "F1",
    "question_mark": "?", "slash": "/", "comma": ",", "full_stop": ".", "greater_than_sign": ">", "colon": ":",
    "up": "↑", "down": "↓", "plus": "+",
}  # fmt: skip


class Hint(NamedTuple):
    """One key of the line: what it is called, what it does, and what pressing it sends."""

    name: str
    word: str
    key: str

    @property
    def width(self) -> int:
        """Return the cells that it takes."""
        return cell_len(self.name) + 1 + cell_len(self.word)


class KeyLine(Widget):
    """The keys that hold now, made from the bindings that are in force; a click on a key presses it."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--word"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1; background: $footer-background; color: $footer-description-foreground;
        & > .key-line--key { color: $footer-key-foreground; text-style: bold; }
        & > .key-line--word { color: $footer-description-foreground; }
        &:ansi { background: ansi_default; }
        &:ansi > .key-line--word { color: ansi_default; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.without: frozenset[str] = frozenset()
        """Actions that make no sense for what is open; their keys say so."""
        self._first: list[Hint] = []
        self._last: list[Hint] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._renew)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _renew(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        hints: dict[str, tuple[int, Hint]] = {}
        nodes: list[DOMNode] = []
        typing = isinstance(screen.focused, Input | TextArea)
        for node, binding, enabled, _ in screen.active_bindings.values():
            if node not in nodes:
                nodes.append(node)
            if binding.show and enabled and binding.action not in hints and binding.action not in self.without:
                name = binding.key_display or name_of(binding.key)
                if typing and len(name_of(binding.key)) == 1:
                    continue  # it would be typed
                hints[binding.action] = (nodes.index(node), Hint(name, binding.description, binding.key))
        last = [action for action in LAST if action in hints]
        # The focused pane's first; of one node in our order, for Textual has one of its own.
        first = [action for action in hints if action not in last]
        first.sort(key=lambda action: (hints[action][0], ORDER.get(action, 0)))
        self._first = [hints[action][1] for action in first]
        self._last = [hints[action][1] for action in last]
        self.refresh()

    def leave_out(self, actions: frozenset[str]) -> None:
        """Show no keys for these actions."""
        self.without = actions
        self._renew(self.screen)

    @property
    def hints(self) -> list[Hint]:
        """Return those that there is room for, in their order on the line."""
        room = self.size.width - 2
        last = list(self._last)
        while last and sum(hint.width + GAP for hint in last) - GAP > room:
            last.pop()
        room -= sum(hint.width + GAP for hint in last)
        first: list[Hint] = []
        for hint in self._first:
            room -= hint.width + (GAP if first else 0)
            if room < 0:
                break
            first.append(hint)
        return [*first, *last]

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        key, word = (self.get_component_rich_style(f"key-line--{name}") for name in ("key", "word"))
        segments = [Segment(" ", base)]
        for hint in self.hints:
            segments += [Segment(hint.name, key), Segment(f" {hint.word}", word), Segment(" " * GAP, base)]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        left = 1
        for hint in self.hints:
            if left <= event.x < left + hint.width:
                self.app.simulate_key(hint.key)
                return
            left += hint.width + GAP


def name_of(key: str) -> str:
    """Return a key as people write it: `ctrl+q` is `^Q`."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    return NAMES.get(key, key)
