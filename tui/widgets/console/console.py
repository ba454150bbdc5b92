"""The console: the log above, the prompt below, the completions over them.

Owns what a user typed until it is submitted; asks the engine for completions and for nothing else.  The app runs what
`Submitted` names and calls `show_value`, `show_output`, `show_error` and `busy` with what comes of it.  With the
engine gone everything but completion works.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Offset
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static, TextArea
from textual.worker import Worker

from models.messages import Complete, Completions, Problem
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.history import History
from tui.numbers import elapsed
from tui.text import clean
from tui.widgets.console.completion_list import CompletionList
from tui.widgets.console.output import Output
from tui.widgets.console.prompt import Prompt
from tui.widgets.parts.words import say

COMPLETION_DELAY = 0.08
"""Seconds without a key before the engine is asked."""
BUSY_AFTER = 0.3
"""Seconds that something runs before it is worth a word."""

ROOM_FOR_WORDS = 70
"""Cells of the console from which on what runs is named; the statement that is typed keeps the rest."""

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASKS_BY_ITSELF = re.compile(r"(?:[^\W\d]\w*|[\])}'\"])\.\w*$|\[[rbuRBU]?['\"][^'\"]*$")
"""Behind a name and a dot, or in a key's quotes, completions come without Tab."""

_LOOKED_AT = 200
"""Characters before the cursor that are looked at for that: at each letter of a long line all would take seconds."""


class Console(Widget):
    """Log, prompt and completions of one engine."""

    DEFAULT_CSS = """
    Console {
        layout: vertical;
        background: $background;
        & > #entry { height: auto; max-height: 8; background: $background; }
        & #mark { width: 4; height: auto; max-height: 8; color: $text-accent; text-style: bold; }
        & #prompt { width: 1fr; }
        & #running { width: auto; height: 1; padding: 0 1; color: $text-warning; display: none; }
    }
    """

    @dataclass
    class Submitted(Message):
        """Posted when `text` is to be run; it stands in the log and in the history already."""

        text: str

    def __init__(self, ask: Ask, history: History | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ask = ask
        self.history = history if history is not None else History()
        self.output = Output(id="output")
        self.choices = CompletionList(id="choices")
        self.prompt = Prompt(self.history, self.choices, id="prompt")
        self._busy_text = ""
        self._busy_since = 0.0
        self._history_reported = False
        self._completing: Worker[None] | None = None
        self._inserted = ""

    def compose(self) -> ComposeResult:
        yield self.output
        with Horizontal(id="entry"):
            yield Static(">>>", id="mark", markup=False)
            yield self.prompt
            yield Static("", id="running", markup=False)
        yield self.choices

    def on_mount(self) -> None:
        self._clock = self.set_interval(0.1, self._show_running, pause=True)
        self._report_history()

    # -- what the app calls

    def run(self, text: str) -> None:
        """Put a statement into log and history and submit it, as if it had been typed."""
        self.remember(text)
        self.post_message(self.Submitted(text))

    def remember(self, text: str) -> None:
        """Put a statement into log and history; somebody else runs it."""
        self.echo(text)
        self.history.add(text)
        self._report_history()

    def echo(self, text: str) -> None:
        """Show a statement in the log that was not typed here."""
        self.output.write("statement", text)

    def show_value(self, text: str) -> None:
        """Show the `repr` of a value."""
        self.output.write("value", text)

    def show_output(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Show what was printed, as it comes."""
        self.output.print(stream, text)

    def show_error(self, problem: Problem) -> None:
        """Show an error: its title, then its text, then what mends it."""
        self.output.write("problem", problem.title)
        if text := problem.text.rstrip("\n"):
            self.output.write("traceback", text)
        if problem.hint:
            self.output.write("hint", problem.hint)

    def show_note(self, text: str) -> None:
        """Show a remark of ours."""
        self.output.write("note", text)

    def busy(self, text: str) -> None:
        """Show that `text` runs, once it takes a while; empty when nothing does."""
        if text and not self._busy_text:
            self._busy_since = monotonic()
        self._busy_text = text
        if text:
            self._clock.resume()
        else:
            self._clock.pause()
            self.query_one("#running").display = False

    def clear(self) -> None:
        """Empty the log."""
        self.output.action_clear()

    def focus_prompt(self) -> None:
        """Go to the prompt."""
        self.prompt.focus()

    # -- the prompt

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        event.stop()
        self._stop_completing()
        self.run(event.text)

    def on_prompt_cleared(self, event: Prompt.Cleared) -> None:
        event.stop()
        self.clear()

    def on_prompt_paged(self, event: Prompt.Paged) -> None:
        event.stop()
        if event.pages < 0:
            self.output.scroll_page_up(animate=False)
        else:
            self.output.scroll_page_down(animate=False)

    def on_prompt_refused(self, event: Prompt.Refused) -> None:
        event.stop()
        self.show_note(event.reason)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        rows = min(max(1, self.prompt.wrapped_document.height), 8)
        self.query_one("#mark", Static).update("\n".join([">>>", *["..."] * (rows - 1)]))
        before = self.prompt.text[: self.prompt.cursor_index]
        if self.prompt.text == self._inserted:
            self._inserted = ""
        elif _ASKS_BY_ITSELF.search(before[-_LOOKED_AT:].rpartition("\n")[2]):
            self._complete(COMPLETION_DELAY)
        elif not (self.choices.display and before and (before[-1].isalnum() or before[-1] == "_")):
            self._stop_completing()
        else:
            self._complete(COMPLETION_DELAY)

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        if self.choices.display and self.prompt.cursor_index < self.choices.start:
            self.choices.close()

    def on_descendant_blur(self) -> None:
        self.choices.close()

    # -- completion

    def on_prompt_completing(self, event: Prompt.Completing) -> None:
        event.stop()
        self._complete(0.0, asked_for=True)

    def on_completion_list_chosen(self, event: CompletionList.Chosen) -> None:
        event.stop()
        self._insert(event.start, event.text)

    def _insert(self, start: int, text: str) -> None:
        before, after = self.prompt.text[:start], self.prompt.text[self.prompt.cursor_index :]
        self._inserted = before + text + after
        self.prompt.replace_before_cursor(start, text)

    def _complete(self, delay: float, asked_for: bool = False) -> None:
        ask = partial(self._ask_completions, delay, asked_for)  # not begun yet: it may be replaced before it is
        self._completing = self.run_worker(ask, group="completion", exclusive=True, exit_on_error=False)

    def _stop_completing(self) -> None:
        if self._completing is not None:
            self._completing.cancel()
            self._completing = None
        self.choices.close()

    async def _ask_completions(self, delay: float, asked_for: bool) -> None:
        await asyncio.sleep(delay)
        text, cursor = self.prompt.text, self.prompt.cursor_index
        try:
            found = await self._ask(Complete(text=text, cursor=cursor), Completions)
        except (EngineProblem, EngineGone):
            self.choices.close()
            return
        if (self.prompt.text, self.prompt.cursor_index) != (text, cursor) or not self.prompt.has_focus:
            return
        start = min(max(found.start, 0), cursor)
        typed = text[start:cursor]
        if asked_for and len(found.items) == 1 and clean(found.items[0].text) == found.items[0].text:
            self.choices.close()
            self._insert(start, found.items[0].text)
        elif len(found.items) == 1 and found.items[0].text == typed:
            self.choices.close()  # it is all there
        else:
            place = self.prompt.cursor_screen_offset
            self.choices.open(found.items, start, Offset(place.x, self.prompt.region.y), typed)

    # -- what is shown beside the prompt

    def _show_running(self) -> None:
        seconds = monotonic() - self._busy_since
        running = self.query_one("#running", Static)
        if seconds < BUSY_AFTER or not self.display:
            return
        frame = _FRAMES[int(seconds * 10) % len(_FRAMES)]
        text = f"{frame} {elapsed(seconds)}"
        if self.size.width >= ROOM_FOR_WORDS:
            text = f"{frame} {clean(self._busy_text, 24)} {elapsed(seconds)} · Ctrl+C interrupts"
        say(running, text)
        running.display = True

    def _report_history(self) -> None:
        if self.history.note and not self._history_reported:
            self._history_reported = True
            self.show_note(self.history.note)
