"""The catalogue's line for a source of one's own: its keys complete it as a shell's do."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.parts.line_input import LineInput


class SourceLine(LineInput):
    """The line; what could be meant is shown by whoever takes its messages."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "open", key_display="Enter"),
        Binding("tab", "complete", "complete", key_display="Tab"),
        Binding("down", "walk(1)", "choose", key_display="↓"),
        Binding("up", "walk(-1)", "networks", key_display="↑"),
    ]

    class Complete(Message):
        """Posted when the line is to be completed."""

    class Walk(Message):
        """Posted when another suggestion is to be put into the line; `step` is 1 for the next one, -1 for the last."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def action_complete(self) -> None:
        """Complete what is typed, as far as there is one way to."""
        self.post_message(self.Complete())

    def action_walk(self, step: int) -> None:
        """Put the next suggestion into the line, or the one before."""
        self.post_message(self.Walk(step))

    def write(self, text: str) -> None:
        """Put `text` in place of what is in the line, the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)


def completed(typed: str, sources: list[str]) -> str:
    """Return `typed` with what all the suggestions for it have in common; a single one whole."""
    common = os.path.commonprefix(sources)  # noqa: RUF071 - letters, as is wanted
    if len(common) > len(typed) or len(sources) == 1:
        return common
    return typed


def unquoted(typed: str, offered: Collection[str] = ()) -> str:
    """Return a source as a shell would pass it on: without the quotes around it or the backslashes in it.

    Files that are dropped on a terminal, and commands that are copied, come so.  Quotes within stay, and so does a
    name that is `offered`: those of files may hold either.
    """
    text = typed.strip()
    if text in offered:
        return text
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    if not quoted and ("\\" not in text or "'" in text or '"' in text):
        return text
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 else text
