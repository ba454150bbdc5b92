"""Printed output as lines: what a terminal would show of it, without the colours.

A carriage return overwrites its line (progress bars), a backspace steps back, cursor-up and erase-line move among the
last few lines (nested progress bars); every other escape sequence is dropped.  Control characters that mean nothing
stay in the text; `tui.text.clean` makes them visible when it is drawn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui.text import LONGEST

OPEN_LINES = 24
"""How far up printed text can still change."""
TAB = 8
HELD_BACK = 4096
"""Characters of an unfinished escape sequence that are waited for."""

_MOVES = re.compile(
    r"\n|\r|\x08|\t"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, erasing, moving
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC and its like: titles, links
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
)
_UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]*\x1b?|[ -/]*)?|\x9b[0-?]*[ -/]*)\Z")
_COLOURS = re.compile(r"(?:\x1b\[|\x9b)[\d;:]*m")
_MOVING = re.compile(r"[\r\x08\x1b\x90\x98\x9b\x9d-\x9f]")


@dataclass(slots=True)
class PrintedLine:
    """One line that a stream printed."""

    kind: str
    """The stream that wrote on it last."""
    text: str = ""


class PrintedLines:
    """What streams print, as lines: `finished` ones no longer change, `open` ones may."""

    def __init__(self) -> None:
        self.finished: list[PrintedLine] = []
        """For the reader to take away with `take`."""
        self.open: list[PrintedLine] = []
        self._row = 0
        self._column = 0
        self._held: dict[str, str] = {}

    def feed(self, kind: str, text: str, keep: int = 10_000) -> None:
        """Print `text` of stream `kind`.  Of a long text only the last `keep` lines need to be looked at."""
        text = self._held.pop(kind, "") + text
        if not text:
            return
        if (match := _UNFINISHED.search(text, max(0, len(text) - HELD_BACK))) and match.group():
            self._held[kind] = match.group()
            text = text[: match.start()]
        text = _COLOURS.sub("", text)
        if _MOVING.search(text) is None and self._row >= len(self.open) - 1:
            self._plain(kind, (" " * self._column + text).expandtabs(TAB)[self._column :], keep)
        else:
            self._moves(kind, text)
        self._settle()

    def seal(self) -> None:
        """End the line that is being printed: something else comes after it."""
        for kind, held in self._held.items():
            self._put(kind, held)
        self._held.clear()
        while self.open and not self.open[-1].text:
            self.open.pop()
        self.finished.extend(self.open)
        self.open.clear()
        self._row = self._column = 0

    def take(self) -> list[PrintedLine]:
        """Return the finished lines since the last call."""
        lines, self.finished = self.finished, []
        return lines

    def _plain(self, kind: str, text: str, keep: int) -> None:
        """Text without moves: the common case, some hundred times faster."""
        first, *rest = text.split("\n")
        self._put(kind, first)
        if rest:
            if len(rest) > keep:
                self.open.clear()
            self.open.extend([PrintedLine(kind, line[: LONGEST + 1]) for line in rest[-keep - 1 :]])
            self._row = len(self.open) - 1
            self._column = len(self.open[-1].text)

    def _moves(self, kind: str, text: str) -> None:
        start = 0
        for match in _MOVES.finditer(text):
            if match.start() > start:
                self._put(kind, text[start : match.start()])
            self._move(kind, match.group())
            start = match.end()
        if start < len(text):
            self._put(kind, text[start:])

    def _move(self, kind: str, code: str) -> None:
        if code == "\n":
            self._line(kind)
            self._row, self._column = self._row + 1, 0
            self._settle()
        elif code == "\r":
            self._column = 0
        elif code == "\x08":
            self._column = max(0, self._column - 1)
        elif code == "\t":
            self._put(kind, " " * (TAB - self._column % TAB))
        elif code[-1] in "ABK" and code.startswith(("\x1b[", "\x9b")):
            self._control(kind, code[-1], code.lstrip("\x1b[\x9b")[:-1])

    def _control(self, kind: str, letter: str, number: str) -> None:
        count = int(number) if number.isdecimal() and len(number) < 4 else 0
        if letter == "A":
            self._row = max(0, self._row - max(1, count))
        elif letter == "B":
            self._row = min(self._row + max(1, count), max(0, len(self.open) - 1))
        else:
            line = self._line(kind)
            after = "" if count != 1 else line.text[self._column :]
            before = line.text[: self._column] if count == 0 else " " * min(self._column, len(line.text))
            line.text = (before + after).rstrip() if count == 2 else before + after

    def _line(self, kind: str) -> PrintedLine:
        while len(self.open) <= self._row:
            self.open.append(PrintedLine(kind))
        return self.open[self._row]

    def _put(self, kind: str, text: str) -> None:
        line = self._line(kind)
        if text:
            line.kind = kind
            before = line.text[: self._column].ljust(self._column)
            after = line.text[self._column + len(text) :]
            # One more than is ever drawn, so that the cut shows.
            line.text = (before + text[: LONGEST + 1] + after)[: LONGEST + 1]
            self._column = min(self._column + len(text), LONGEST + 1)

    def _settle(self) -> None:
        """Lines too far up are finished."""
        surplus = len(self.open) - OPEN_LINES
        if surplus > 0:
            self.finished.extend(self.open[:surplus])
            del self.open[:surplus]
            self._row = max(0, self._row - surplus)
