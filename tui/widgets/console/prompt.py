"""The console's prompt: one to eight lines of Python, Enter runs them when they are complete.

Says what happened in messages; the console knows what to do about them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from tui.statements import INDENT, PASTE_LIMIT, enter_runs, next_indent, pasted_code, too_much
from tui.widgets.console.python_colours import python_colours

if TYPE_CHECKING:
    from tui.history import History
    from tui.widgets.console.completion_list import CompletionList


OF_NETWORK = "{}, or Tab for what there is"
OF_CHECKPOINT = "state['name'], or Tab for what there is"
OF_NOTHING = "Python"
"""What an empty prompt suggests."""

LONGEST_COLOURED = 2_000
"""Characters of a line with colours; a longer one is data."""
NO_BEGINNING = frozenset(("right_parenthesis", "greater_than_sign"))
"""Keys of letters that no statement begins with: before one they mean what they mean elsewhere."""


class Prompt(TextArea):
    """Editor of one statement or block, with history; hands keys on to the list of completions while that shows."""

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        max-height: 8;
        border: none;
        padding: 0;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        &:focus { border: none; }
        & .text-area--cursor-line { background: transparent; }
        & .text-area--placeholder { color: $text-muted; }
        &:ansi .text-area--placeholder { text-style: dim; }
        & .prompt--keyword { color: $text-primary; text-style: bold; }
        & .prompt--string { color: $text-success; }
        & .prompt--number { color: $text-accent; }
        & .prompt--comment { color: $text-secondary; text-style: italic; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "prompt--keyword", "prompt--string", "prompt--number", "prompt--comment",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "run", key_display="Enter"),
        Binding("shift+enter,alt+enter", "new_line", "New line", show=False),
        Binding("tab", "tab", "complete"),
        Binding("escape", "leave", "back"),
        Binding("up", "up", "history", key_display="↑"),
        Binding("down", "down", "History", show=False),
        Binding("backspace", "back", "Delete", show=False),
        Binding("ctrl+l", "ask_clear", "Clear the console", show=False),
        Binding("pageup,shift+pageup", "ask_page(-1)", "Page up", show=False),
        Binding("pagedown,shift+pagedown", "ask_page(1)", "Page down", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """Posted after Enter on complete code."""

        text: str

    @dataclass
    class Completing(Message):
        """Posted after Tab behind something that may have completions."""

    @dataclass
    class Cleared(Message):
        """Posted when the log is to be cleared."""

    @dataclass
    class Paged(Message):
        """Posted when the log is to be scrolled by `pages`."""

        pages: int

    @dataclass
    class Refused(Message):
        """Posted when a paste was not taken; `reason` says why."""

        reason: str

    def __init__(self, history: History, choices: CompletionList, *, id: str | None = None) -> None:
        super().__init__(id=id, placeholder=Content(OF_NOTHING), highlight_cursor_line=False)
        self.cursor_blink = False  # two redraws a second would go over every slow line
        self._statements = history
        self._choices = choices
        self._pasted = ""
        self._recalled = ""
        self._let_through = ""
        """The last key of `NO_BEGINNING` that was no text, if that was the last of them."""

    # -- keys

    async def _on_key(self, event: events.Key) -> None:
        # Bindings are looked at only when a key has gone up to the app, and letters typed meanwhile would overtake it:
        # what Enter runs would not be what stood there.  So the prompt's own keys act here, in the order of typing.
        # (Textual calls the base class's handler itself, after this one.)
        if event.key in NO_BEGINNING:  # decided now: when the key has gone up to the app, there may be text
            self._let_through = "" if self.text else event.key
            if self._let_through:
                event.prevent_default()
                return
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.prevent_default()
            if await self.app.run_action(binding.action, self):
                event.stop()
                return

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Return whether a key is text here: not one that was let through, as no statement begins with it."""
        return key != self._let_through and super().check_consume_key(key, character)

    def action_enter(self) -> None:
        """Take the chosen completion, run what is complete, or begin a new line."""
        if self._choices.navigated and self._choices.take():
            return
        self._choices.close()
        text = self.text
        at_end = self.cursor_location[0] == self.document.line_count - 1
        pasted = bool(self._pasted) and text == self._pasted
        if not text.strip():
            self.clear()
        elif at_end and enter_runs(text, pasted):
            self.clear()
            self.history.clear()
            self.post_message(self.Submitted(text.rstrip()))
        else:
            self.action_new_line()

    def action_new_line(self) -> None:
        """Begin a new line, indented as Python needs it."""
        start, end = sorted(self.selection)
        before = self.document.get_line(start[0])[: start[1]]
        self._replace_via_keyboard("\n" + next_indent(before), start, end)

    def action_tab(self) -> None:
        """Take the completion shown; indent at a line's start; or ask for completions."""
        row, column = self.cursor_location
        if self._choices.take():
            return
        if self.document.get_line(row)[:column].strip():
            self.post_message(self.Completing())
        elif self.text.strip() or column:
            self.insert(" " * (INDENT - column % INDENT))
        else:
            self.post_message(self.Completing())

    def action_leave(self) -> None:
        """Close the completions; when there are none, Escape means what it means everywhere."""
        if not self._choices.display:
            raise SkipAction
        self._choices.close()

    def action_up(self) -> None:
        """Go through the completions, up a line, or back in history."""
        if self._choices.display:
            self._choices.move(-1)
        elif not self.navigator.is_first_wrapped_line(self.cursor_location):
            self.action_cursor_up()
        else:
            row, column = self.cursor_location
            prefix = "\n".join([*self.text.split("\n")[:row], self.document.get_line(row)[:column]])
            if (entry := self._statements.older(self.text, prefix)) is not None:
                self._recall(entry)

    def action_down(self) -> None:
        """Go through the completions, down a line, or forward in history."""
        if self._choices.display:
            self._choices.move(1)
        elif not self.navigator.is_last_wrapped_line(self.cursor_location):
            self.action_cursor_down()
        elif (entry := self._statements.newer(self.text)) is not None:
            self._recall(entry)

    def action_back(self) -> None:
        """Delete left; in an indentation, a whole level of it."""
        row, column = self.cursor_location
        if self.selection.is_empty and column and not self.document.get_line(row)[:column].strip(" "):
            self._delete_via_keyboard((row, (column - 1) // INDENT * INDENT), (row, column))
        else:
            self.action_delete_left()

    def action_ask_clear(self) -> None:
        """Have the log cleared."""
        self.post_message(self.Cleared())

    def action_ask_page(self, pages: int) -> None:
        """Have the log scrolled by so many pages."""
        self.post_message(self.Paged(pages))

    # -- text

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self._insert_pasted(event.text)

    def action_paste(self) -> None:
        """Insert what was copied in this app."""
        self._insert_pasted(self.app.clipboard)

    def _insert_pasted(self, text: str) -> None:
        reason = f"{len(text):,} characters" if len(text) > PASTE_LIMIT else ""
        code = "" if reason else pasted_code(text)
        if reason := reason or too_much(code):
            self.post_message(self.Refused(f"That paste has {reason}. Put it into a file and import it."))
            return
        start, end = (self._index(place) for place in sorted(self.selection))
        if reason := too_much(self.text[:start] + code + self.text[end:]):
            self.post_message(self.Refused(f"The prompt would have {reason}. Put it into a file and import it."))
            return
        alone = not self.text.strip()
        if result := self._replace_via_keyboard(code, *self.selection):
            self.move_cursor(result.end_location)
        self._pasted = self.text if alone and "\n" in code else ""

    def _recall(self, entry: str) -> None:
        self._recalled = entry
        self.text = entry
        self.move_cursor(self.document.end)

    def on_text_area_changed(self) -> None:
        """End the walk through history after a typed change."""
        if self.text != self._recalled:
            self._statements.reset()

    def replace_before_cursor(self, start: int, text: str) -> None:
        """Put `text` in place of what is between index `start` and the cursor."""
        end = self.cursor_index
        rows = self.text[:start].split("\n")
        result = self.replace(text, (len(rows) - 1, len(rows[-1])), self.cursor_location)
        if end >= start:
            self.move_cursor(result.end_location)

    @property
    def cursor_index(self) -> int:
        """Return the cursor as an index into the text."""
        return self._index(self.cursor_location)

    def _index(self, place: tuple[int, int]) -> int:
        row, column = place
        return sum(len(self.document.get_line(line)) + 1 for line in range(row)) + column

    def _recompute_cursor_offset(self) -> None:
        # In the midst of an undo Textual scrolls to a cursor that may stand behind the end of the text.
        with suppress(ValueError, IndexError):
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]

    def get_line(self, line_index: int) -> Text:
        """Return the line with its colours."""
        line = super().get_line(line_index)
        if len(line) > LONGEST_COLOURED:
            return line
        for start, end, kind in python_colours(line.plain):
            line.stylize(self.get_component_rich_style(f"prompt--{kind}", partial=True), start, end)
        return line
