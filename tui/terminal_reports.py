"""What a terminal sends, read so that nothing in it can end or hang the program.

Textual's own parser raises on a key report with a number that is no character, divides by the size that a report of
sizes gave, and believes such a report whatever it says: one of 99999x99999 is drawn until the memory ends.  And all
letters are part of a paste until the paste's end has come, which a bad line may lose: no key would act any more.  And
of Escape and a key in one read it makes Alt and that key, which is typed, or a character of a Mac's keyboard.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from time import monotonic

from textual._xterm_parser import XTermParser
from textual.events import Key, Resize
from textual.message import Message

from tui.meant_keys import AMBIGUOUS
from tui.terminal import HIGHEST, WIDEST

NO_KEY = "<ignore>"
"""A key that nothing is bound to; it ends the sequence that it stands for, which would be typed letter by letter."""


PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
PAUSE = 0.5
"""Seconds without anything of a paste, after which a key may be one that was pressed."""
INTRODUCERS = "[]OPX^_"
"""Behind an Escape these may begin a longer sequence; when nothing follows they are keys as any other."""
_WAY_OUT = re.compile(r"(?:\x1b|\x03|\x11|\x1b\[27(?:;\d+)?u|\x1b\[(?:99|113);5u)+")
"""Escape, Ctrl+C and Ctrl+Q, as they are and in the key protocol, and nothing beside them."""


class TerminalReports(XTermParser):
    """Textual's parser of keys, mouse and sizes, which survives numbers out of range and a paste without an end."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasting = False
        self._fed = 0.0
        self._tail = ""
        """Of what was fed, as much as may be the beginning of a mark."""

    def _with_an_end(self, data: str) -> str:
        """`data`, before it the end of a paste that goes on, where it is a key that leads out of everything."""
        now = monotonic()
        if self._pasting and now - self._fed > PAUSE and _WAY_OUT.fullmatch(data):
            data = PASTE_ENDS + data
        self._fed = now
        seen = self._tail + data
        begins, ends = seen.rfind(PASTE_BEGINS), seen.rfind(PASTE_ENDS)
        if begins != ends:
            self._pasting = begins > ends
        self._tail = seen[1 - len(PASTE_ENDS) :]
        return data

    def feed(self, data: str) -> Iterable[Message]:
        data = self._with_an_end(data)
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
        """Return the event of a mouse report of the terminal; None for one that cannot be read."""
        try:
            return super().parse_mouse_code(code)
        except ArithmeticError:  # the sizes that it divides by were zero, or beyond numbers
            return None

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        behind = sequence if alt else sequence[1:] if sequence.startswith("\x1b") else ""
        if len(behind) == 1 and (alt or behind not in INTRODUCERS):
            return self._behind_escape(behind)
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, ArithmeticError):  # a number that is no character
            return [Key(NO_KEY, None)]

    def _behind_escape(self, character: str) -> list[Key]:
        """Escape and the key behind it in one read; or the two as one, where a field with text decides."""
        if character == "\t" and os.environ.get("TERM", "").startswith("linux"):  # whose Shift+Tab this is
            return [Key("shift+tab", None)]
        if character in AMBIGUOUS:
            return [Key(AMBIGUOUS[character], character)]
        return [Key("escape", "\x1b"), *super()._sequence_to_key_events(character)]
