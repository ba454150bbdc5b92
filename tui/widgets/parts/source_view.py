"""The code of the selected module's class with `forward` marked and in view, or that around a call with its line."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.segment import Segment
from textual import work

from models.messages import CallRow, CallTensor, Place, SourceCode, SourceText, TreeRow
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.keys_at_rest import keys_at_rest
from tui.text import clean, clean_lines, fit_middle
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.code_colours import KINDS, Pieces, coloured
from tui.widgets.parts.pane import Pane

FORWARD = "▶"
CALL = "●"


class SourceView(Lines, Pane):
    """Code with the file's line numbers; colours come a moment later than the text."""

    HAS_HEADER = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"source--{kind}" for kind in KINDS} | {
        "source--line", "source--forward",
    }  # fmt: skip
    DEFAULT_CSS = """
    SourceView {
        scrollbar-size-horizontal: 1;
        & > .source--line { color: $text-muted; }
        & > .source--forward { color: $text-primary; text-style: bold; }
        & > .source--comment { color: $text-muted; text-style: italic; }
        & > .source--string { color: $text-success; }
        & > .source--number { color: $text-warning; }
        & > .source--keyword { color: $text-accent; }
        & > .source--name { color: $text-primary; text-style: bold; }
        & > .source--builtin { color: $text-secondary; }
        &:ansi > .source--comment { color: ansi_default; text-style: dim italic; }
        &:ansi > .source--keyword { color: ansi_magenta; }
        &:ansi > .source--name { color: ansi_default; text-style: bold; }
        &:ansi > .source--builtin { color: ansi_cyan; }
    }
    """

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ask = ask
        self.path: Place | None = None
        self.source: SourceText | None = None
        self._code: list[Pieces] = []

    @property
    def location(self) -> tuple[str, int] | None:
        """Return file and line to open in an editor, the line under the cursor; None without a file."""
        source = self.source
        if source is None or not source.file:
            return None
        return source.file, source.first_line + (self.cursor if self.count else 0)

    def show(self, path: Place | None, row: TreeRow | CallRow | None = None) -> None:
        """Show the class of the module at (or holding) `path`, of a call the code around its line; None shows nothing.

        After a moment of rest.
        """
        self.workers.cancel_node(self)
        self.path = CallTensor(run=path.run, call=path.call) if isinstance(path, CallTensor) else path
        self.request_load()

    @property
    def awaits_content(self) -> bool:
        return self.path is not None and (self.source is None or self.source.path != self.path) and self._at_work

    @work(exclusive=True, exit_on_error=False)
    async def _fetch(self) -> None:
        await keys_at_rest(self.app)
        path = self.path
        self.load_started()
        try:
            source = None if path is None else await self._ask(SourceCode(path=path), SourceText)
        except EngineGone:
            return
        except EngineProblem as error:
            source = SourceText(path=path if path is not None else "", class_name="", reason=error.problem.title)
        before, self.source = self.source, source
        if source is not None and before is not None and _same(source, before):
            self.refresh()
            if source.call_line is not None:
                self._turn()
            return
        self._take(source)
        if self._code:
            text = "\n".join("".join(part for part, _ in line) for line in self._code)
            self._code = await asyncio.to_thread(coloured, text)
            self.refresh()

    def _take(self, source: SourceText | None) -> None:
        """Draw the plain text at once, `forward` in view."""
        text = source.text.rstrip("\n") if source else ""
        self._code = [[(line, "")] for line in clean_lines(text)] if text else []
        self.empty = clean(source.reason) if source and not text else ""
        self.virtual_size = self.size
        self.count = len(self._code)
        self.refresh()
        self._turn()

    def _turn(self) -> None:
        """Put the cursor on the line of the call, or else on `forward`, and have it in view."""
        call, forward = self.call_row, self.forward_row
        row = forward if call is None else call
        self.cursor = row or 0
        if call is not None:
            near = forward is not None and forward < call < forward + self.page_height - 2
            self.scroll_to_row(forward - 1 if near and forward else call - self.page_height // 2)
        else:
            self.scroll_to_row(0 if forward is None or forward < self.page_height - 2 else forward - 1)

    @property
    def forward_row(self) -> int | None:
        """Return the index of the row at which `forward` starts; None where it is not shown."""
        return self._row_of(None if self.source is None else self.source.forward_line)

    @property
    def call_row(self) -> int | None:
        """Return the index of the row that led to the call; None where it is not shown, and for what is no call."""
        return self._row_of(None if self.source is None else self.source.call_line)

    def _row_of(self, line: int | None) -> int | None:
        if self.source is None or line is None:
            return None
        row = line - self.source.first_line
        return row if 0 <= row < self.count else None

    def load(self) -> None:
        self._fetch()

    def on_leave_screen(self) -> None:
        if any(not worker.is_finished for worker in self.workers.cancel_node(self)):
            self.request_load()

    # -- drawing

    def render_header(self, width: int) -> list[Segment]:
        source = self.source
        if source is None:
            return []
        if not source.file:
            return [Segment(clean(source.class_name))]
        place = f"{clean(source.file)}:{source.call_line or source.first_line}"
        name = f"{'' if source.call_line else 'class '}{clean(source.class_name)}   "
        return [Segment(name), Segment(fit_middle(place, max(width - len(name), 10)).rstrip())]

    def render_row(self, index: int, width: int) -> list[Segment]:
        assert self.source is not None
        number = self.source.first_line + index
        digits = len(str(self.source.first_line + self.count))
        forward, call = index == self.forward_row, index == self.call_row
        style = self.look("source--forward" if forward or call else "source--line")
        return [
            Segment(f"{CALL if call else FORWARD if forward else ' '}{number:>{digits}}  ", style),
            *(Segment(part, self.look(f"source--{kind}") if kind else None) for part, kind in self._code[index]),
        ]


def _same(one: SourceText, other: SourceText) -> bool:
    """Whether two answers show the same code: neighbours of one class do not scroll back."""
    return bool(one.text) and (one.text, one.file, one.first_line) == (other.text, other.file, other.first_line)
