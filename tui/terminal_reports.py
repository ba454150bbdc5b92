"""What a terminal sends, read so that nothing in it can end or hang the program.

Textual's own parser raises on a key report with a number that is no character, divides by the size that a report of
sizes gave, and believes such a report whatever it says: one of 99999x99999 is drawn until the memory ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.events import Key, Resize
from textual.message import Message

from tui.terminal import HIGHEST, WIDEST

NO_KEY = "<ignore>"
"""A key that nothing is bound to; it ends the sequence that it stands for, which would be typed letter by letter."""


class TerminalReports(XTermParser):
    """Textual's parser of keys, mouse and sizes, which survives numbers out of range."""

    def feed(self, data: str) -> Iterable[Message]:
        for message in super().feed(data):
            if isinstance(message, Resize):
                width, height = message.size
                if not width or not height:  # a terminal that is being made, or moved out of sight
                    continue
                if width > WIDEST or height > HIGHEST:
                    yield Resize.from_dimensions((min(width, WIDEST), min(height, HIGHEST)), None)
                    continue
            yield message

    def parse_mouse_code(self, code: str) -> Message | None:
        try:
            return super().parse_mouse_code(code)
        except ArithmeticError:  # the sizes that it divides by were zero, or beyond numbers
            return None

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, ArithmeticError):  # a number that is no character
            return [Key(NO_KEY, None)]
