"""Everything that is known of the selected object: groups of facts, of which some lead to another object."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from models.messages import Describe, Description, Fact
from models.messages.errors import EngineGone, EngineProblem
from tui.actions import bindings
from tui.asking import Ask
from tui.text import clean, clean_lines, fit
from tui.widgets.lines import Lines
from tui.widgets.seen import Seen
from tui.widgets.tree_drawing import MOST_GUIDES

DEBOUNCE = 0.04
LABEL = 28
"""Cells of the labels' column; a longer label has a line of its own."""
LEADS = " →"
"""Behind what leads to another object."""
INDENT = "  "
"""Before the text below such a label."""
LONGEST = 400
"""Characters that are shown of a label."""


@dataclass(frozen=True)
class Line:
    label: str
    text: str
    title: bool = False
    path: str | None = None
    below: bool = False
    """The label stands in a line of its own, and has all of it."""
    depth: int = 0


class Info(Lines, Seen):
    """Facts in lines, wrapped to the width.  Enter or a click on one that leads somewhere posts `Followed`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"info--title", "info--label", "info--link"}
    DEFAULT_CSS = """
    Info {
        & > .info--title { color: $text-primary; text-style: bold; }
        & > .info--label { color: $text-muted; }
        & > .info--link { text-style: underline; }
    }
    """

    class Followed(Message):
        """A fact that leads to `path` was chosen."""

        def __init__(self, info: Info, path: str) -> None:
            super().__init__()
            self.info = info
            self.path = path

        @property
        def control(self) -> Info:
            return self.info

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ask = ask
        self.path: str | None = None
        self.description: Description | None = None
        self._lines: list[Line] = []
        self._label = 0

    def show(self, path: str | None) -> None:
        """Describe the object at `path`, after a moment of rest; None shows nothing."""
        self.workers.cancel_node(self)
        self.path = path
        self.refresh_values()

    def refresh_values(self) -> None:
        """Ask again; the old facts stay until the new ones come."""
        self.later()

    @work(exclusive=True, exit_on_error=False)
    async def _fetch(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        path = self.path
        self.caught_up()
        another = self.description is None or self.description.path != path
        self.empty = ""
        try:
            self.description = None if path is None else await self._ask(Describe(path=path), Description)
        except EngineGone:
            return
        except EngineProblem as error:
            self.description, self.empty = None, clean(error.problem.title)
        self._wrap(self.row_width)
        if another:
            self.cursor = 0
            self.scroll_to(0, 0, animate=False)

    def catch_up(self) -> None:
        self._fetch()

    def resized(self) -> None:
        self._wrap(self.row_width)

    def left(self) -> None:
        if any(not worker.is_finished for worker in self.workers.cancel_node(self)):
            self.later()

    # -- lines

    def _wrap(self, width: int) -> None:
        groups = self.description.groups if self.description else []
        most = min(LABEL, max(width * 2 // 5, 8))
        labels = [cell_len(label_of(fact)) for group in groups for fact in group.facts]
        self._label = max((size for size in labels if size <= most), default=min(most, 8))
        lines: list[Line] = []
        for group in groups:
            lines += [Line("", "")] if lines else []
            lines.append(Line("", clean(group.title), title=True))
            for fact in group.facts:
                lines += self._fact(fact, max(width - self._label - 4, 10))
        self._lines = lines
        self.count = len(lines)
        self.refresh()

    def _fact(self, fact: Fact, width: int) -> Iterable[Line]:
        label, indent = label_of(fact), INDENT * min(fact.depth, MOST_GUIDES)
        below = cell_len(label) > self._label
        if below or not fact.text:  # without a text it is the heading of what lies below it
            for part in self._parts(label[len(indent) :], width + self._label + 2 - len(indent)):
                yield Line(indent + part, "", below=True)
            label = ""
        if below:
            width += self._label - len(INDENT) - len(indent)
        for text in clean_lines(fact.text) if fact.text else []:
            for part in self._parts(text, width if fact.path is None else width - len(LEADS)):
                yield Line(label, part, path=fact.path, below=below, depth=fact.depth)
                label = ""

    def _parts(self, text: str, width: int) -> list[str]:
        """The text in lines of `width` cells, at least one."""
        if cell_len(text) <= width:
            return [text]
        return [part.plain.rstrip() for part in Text(text).wrap(self.app.console, width)] or [""]

    def render_row(self, index: int, width: int) -> list[Segment]:
        line = self._lines[index]
        if line.title:
            return [Segment(line.text, self.look("info--title"))]
        if not (line.label or line.text):
            return []
        if line.below and line.label:
            return [Segment(f"  {line.label}", self.look("info--label"))]
        label = INDENT * (1 + min(line.depth, MOST_GUIDES)) if line.below else fit(line.label, self._label)
        link = line.path is not None
        text = Segment(line.text, self.look("info--link") if link else None)
        more = [Segment(LEADS, self.look("info--label"))] if link else []
        return [Segment(f"  {label}  ", self.look("info--label")), text, *more]

    # -- following

    def click_row(self, row: int, event: Click) -> None:
        self.cursor = row
        self.action_choose()

    def action_choose(self) -> None:
        path = self._lines[self.cursor].path if self._lines else None
        if path is not None:
            self.post_message(self.Followed(self, path))


def label_of(fact: Fact) -> str:
    """What stands before a fact, as deep as it lies."""
    return INDENT * min(fact.depth, MOST_GUIDES) + clean(fact.label, LONGEST)
