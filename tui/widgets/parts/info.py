"""Everything that is known of the selected object: groups of facts, of which some lead to another object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import work
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from models.messages import CallRow, CallTensor, Describe, Description, Fact, Place, StateChanged, TreeRow
from models.messages.errors import EngineGone, EngineProblem
from tui.actions import bindings
from tui.asking import Ask
from tui.keys_at_rest import keys_at_rest
from tui.line_breaks import wrap_words
from tui.text import clean, clean_lines, fit, fit_middle
from tui.widgets.lists.columns import LEVEL_LIMIT
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.pane import Pane

LABEL = 28
"""Cells of the labels' column; a longer label has a line of its own."""
LEADS = " →"
"""Behind what leads to another object."""
INDENT = "  "
"""Before the text below such a label."""
LONGEST = 400
"""Characters that are shown of a label."""


@dataclass(frozen=True)
class FactLine:
    """One line of the pane: a heading, or a fact or a part of it."""

    label: str
    text: str
    title: bool = False
    place: Place | None = None
    """Where it leads; None for nowhere."""
    goes_on: bool = False
    """The next line has more of the same text."""
    below: bool = False
    """The label stands in a line of its own, and has all of it."""
    depth: int = 0
    group: str = ""
    """The heading that it is below."""


class Info(Lines, Pane):
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
        """Posted when a fact that leads to `place` was chosen."""

        def __init__(self, info: Info, place: Place) -> None:
            super().__init__()
            self.info = info
            self.place = place

        @property
        def control(self) -> Info:
            return self.info

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ask = ask
        self.path: Place | None = None
        self.description: Description | None = None
        self._lines: list[FactLine] = []
        self._label = 0
        self._followed: FactLine | None = None
        """The link that led here: the cursor goes on from there."""

    def show(self, path: Place | None, row: TreeRow | CallRow | None = None) -> None:
        """Describe the object at `path`, or the call, after a moment of rest; None shows nothing."""
        self.workers.cancel_node(self)
        self.path = CallTensor(run=path.run, call=path.call) if isinstance(path, CallTensor) else path
        self.refresh_values()

    def model_changed(self, change: StateChanged) -> None:
        self.refresh_values()

    def refresh_values(self) -> None:
        """Ask again; the old facts stay until the new ones come."""
        self.request_load()

    @property
    def awaits_content(self) -> bool:
        shown = None if self.description is None else self.description.path
        return self.path is not None and shown != self.path and not self.empty and self._at_work

    @work(exclusive=True, exit_on_error=False)
    async def _fetch(self) -> None:
        await keys_at_rest(self.app)
        path = self.path
        self.load_started()
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
            self.scroll_to(0, 0, animate=False)
            self.cursor = self._line_like(self._followed)
            self._followed = None

    def _line_like(self, followed: FactLine | None) -> int:
        """Return the line of the link that leads on as the one that was followed; the first line where there is none.

        Of a drawing, whose lines differ, that of the object itself.
        """
        if followed is None:
            return 0
        group = [index for index, line in enumerate(self._lines) if line.group == followed.group and line.text]
        same = [index for index in group if self._lines[index].label == followed.label and self._lines[index].place]
        own = [index for index in group if self._lines[index].place is None]
        return next(iter(same if followed.label.isascii() else own), 0)

    def load(self) -> None:
        self._fetch()

    def resized(self) -> None:
        self._wrap(self.row_width)

    def on_leave_screen(self) -> None:
        if any(not worker.is_finished for worker in self.workers.cancel_node(self)):
            self.request_load()

    # -- lines

    def _wrap(self, width: int) -> None:
        groups = self.description.groups if self.description else []
        limit = min(LABEL, max(width * 2 // 5, 8))
        labels = [cell_len(label_of(fact)) for group in groups for fact in group.facts]
        self._label = max((size for size in labels if size <= limit), default=min(limit, 8))
        lines: list[FactLine] = []
        for group in groups:
            lines += [FactLine("", "")] if lines else []
            lines.append(FactLine("", clean(group.title), title=True))
            for fact in group.facts:
                lines += self._fact(fact, max(width - self._label - 4, 10), group.title)
        self._lines = lines
        self.count = len(lines)
        self.refresh()

    def _fact(self, fact: Fact, width: int, group: str) -> Iterable[FactLine]:
        label, indent = label_of(fact), INDENT * min(fact.depth, LEVEL_LIMIT)
        below = cell_len(label) > self._label
        if below or not fact.text:  # without a text it is the heading of what lies below it
            for part in self._parts(label[len(indent) :], width + self._label + 2 - len(indent)):
                yield FactLine(indent + part, "", below=True)
            label = ""
        if below:
            width += self._label - len(INDENT) - len(indent)
        for text in clean_lines(fact.text) if fact.text else []:
            room = width if fact.path is None else width - len(LEADS)
            parts = [fit_middle(text, room).rstrip()] if fact.one_line else self._parts(text, room)
            for at, part in enumerate(parts, 1):
                goes_on = at < len(parts)
                yield FactLine(label, part, False, fact.path, goes_on, below, fact.depth, group)
                label = ""

    def _parts(self, text: str, width: int) -> list[str]:
        """The text in lines of `width` cells, at least one."""
        return [text] if cell_len(text) <= width else wrap_words(text, width)

    def render_row(self, index: int, width: int) -> list[Segment]:
        line = self._lines[index]
        if line.title:
            return [Segment(line.text, self.look("info--title"))]
        if not (line.label or line.text):
            return []
        if line.below and line.label:
            return [Segment(f"  {line.label}", self.look("info--label"))]
        label = INDENT * (1 + min(line.depth, LEVEL_LIMIT)) if line.below else fit(line.label, self._label)
        link = line.place is not None
        text = Segment(line.text, self.look("info--link") if link else None)
        more = [Segment(LEADS, self.look("info--label"))] if link and not line.goes_on else []
        return [Segment(f"  {label}  ", self.look("info--label")), text, *more]

    # -- following

    def click_row(self, row: int, event: Click) -> None:
        self.cursor = row
        self.action_choose()

    def action_choose(self) -> None:
        """Go where the fact under the cursor leads, if it does."""
        place = self._lines[self.cursor].place if self._lines else None
        if place is not None:
            self._followed = self._lines[self.cursor]
            self.post_message(self.Followed(self, place))


def label_of(fact: Fact) -> str:
    """Return what stands before a fact, as deep as it lies."""
    return INDENT * min(fact.depth, LEVEL_LIMIT) + clean(fact.label, LONGEST)
