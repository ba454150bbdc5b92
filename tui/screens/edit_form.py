"""The form that changes elements of a tensor: which, what they become, and the statement that this is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.screens.panel import Panel, keys_line
from tui.text import clean
from tui.widgets.parts.line_input import LONGEST_INPUT, LineInput

REST = 0.05
"""Seconds of rest before the engine is asked what a text means."""
STATEMENT_SHOWN = 400
"""Characters of the statement that are shown."""


class BlockInput(LineInput):
    """A line that takes a pasted block of numbers, as of a spreadsheet or as torch prints it, as a list of lists."""

    def insert_line(self, text: str) -> None:
        """Put a block in place of all that is there; other text as any line does."""
        block = pasted_block(text)
        if not block:
            super().insert_line(text)
        elif len(block) > LONGEST_INPUT:
            self.notify(
                "The block is too large for a line: in the console it can be as large as you like.", markup=False
            )
        else:
            self.value = block
            self.cursor_position = len(block)


def pasted_block(text: str) -> str:
    """Return the numbers of a paste as a list, of lists where it has several rows; empty where it is no block.

    Rows are lines; numbers are apart by spaces, tabs, commas or semicolons.
    """
    text = re.sub(r"^\s*tensor\(|,?\s*(?:dtype|device|grad_fn|requires_grad)=[^)]*|\)\s*$", "", text[:200_000])
    rows = re.findall(r"\[([^\[\]]*)\]", text) if "[" in text else text.splitlines()
    split = [[part for part in re.split(r"[\s,;]+", row) if part] for row in rows]
    split = [row for row in split if row]
    number = re.compile(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf)|True|False", re.IGNORECASE)
    if not split or not all(number.fullmatch(part) for row in split for part in row):
        return ""
    shown = [f"[{', '.join(_as_python(part) for part in row)}]" for row in split]
    if len(shown) > 1:
        return f"[{', '.join(shown)}]"
    return shown[0] if len(split[0]) > 1 else ""


def _as_python(number: str) -> str:
    digits = number.lstrip("+-")
    if digits.isdigit():
        return f"{'-' if number.startswith('-') else ''}{int(digits)}"  # no leading zeros
    return number


class EditForm(Panel[m.EditPlan | None]):
    """The panel that ends with what is to be run, or None.

    Args:
        ask: sends requests to the engine.
        path: the tensor.
        index: the element that the cursor is on.
        shape: of the tensor.
        present: that element, as text.
    """

    DEFAULT_CSS = """
    EditForm > #panel {
        & .label { height: auto; }
        & LineInput { height: 1; border: none; padding: 0; background: $boost; }
        & LineInput:focus { background: $primary-muted; }
        & .error { color: $text-error; height: auto; display: none; }
        & .error.-shown { display: block; }
        & #statement { height: auto; margin: 1 0 0 0; }
        &:nocolor LineInput:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("down", "widen(1)", "More", show=False),
        Binding("up", "widen(-1)", "Fewer", show=False),
    ]

    def __init__(
        self,
        ask: Ask,
        path: str,
        of: Literal["value", "gradient"],
        index: Sequence[int],
        shape: Sequence[int],
        present: str,
    ) -> None:
        super().__init__()
        self._ask, self._path, self._of, self._present = ask, path, of, present
        self._scopes = scopes(index, shape)
        self._plan: m.EditPlan | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            whose = "the gradient of " if self._of == "gradient" else ""
            panel.border_title = Content(f"Change elements of {whose}{clean(self._path, 60)}")
            panel.border_subtitle = keys_line(
                ("Enter", "changes them, u takes it back"), ("↓ ↑", "more, fewer elements"), ("Esc", "closes")
            )
            yield Static(_label("what", "0.5   nan   *= 0.9   += 1   or a pasted block"), classes="label")
            yield BlockInput(placeholder=f"now {clean(self._present, 60)}", id="what", compact=True)
            yield Static("", classes="error", id="what-error", markup=False)
            yield Static(_label("where", "as in Python: 3, 17   3, :   0:4, :   ..."), classes="label")
            yield LineInput(self._scopes[0], id="where", compact=True, select_on_focus=False)
            yield Static("", classes="error", id="where-error", markup=False)
            yield Static("", id="statement", markup=False)

    def on_mount(self) -> None:
        self.query_one("#what", LineInput).focus()

    def on_resize(self, event: events.Resize) -> None:
        for label in self.query(".label"):
            label.display = self.room.height >= 16

    def action_widen(self, direction: int) -> None:
        """Take the row instead of the element, then the column, the slice, all; or the other way."""
        line = self.query_one("#where", LineInput)
        here = self._scopes.index(line.value) if line.value in self._scopes else -1 if direction > 0 else 0
        line.value = self._scopes[(here + direction) % len(self._scopes)]
        line.cursor_position = len(line.value)

    @on(Input.Changed)
    def _changed(self) -> None:
        self._look()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._look(done=True)

    @work(exclusive=True, group="edit", exit_on_error=False)
    async def _look(self, done: bool = False) -> None:
        """Show what the texts come to; with `done`, close with it where it is a statement."""
        if not done:
            await asyncio.sleep(REST)
        where, what = self.query_one("#where", LineInput).value, self.query_one("#what", LineInput).value
        try:
            wanted = m.PlanEdit(path=self._path, kind="elements", of=self._of, where=where, what=what)
            plan = await self._ask(wanted, m.EditPlan)
        except EngineProblem as error:
            plan = m.EditPlan(what_error=f"{error.problem.title}. {error.problem.text}".rstrip(" ."))
        except EngineGone:
            self.dismiss(None)
            return
        if done and plan.statement:
            self.dismiss(plan)
            return
        self._show("where-error", plan.where_error)
        self._show("what-error", plan.what_error if done or what.strip() else "")
        lines = [Content(clean(plan.statement, STATEMENT_SHOWN)), Content.styled(clean(plan.note), "dim")]
        self.query_one("#statement", Static).update(Content("\n").join([line for line in lines if line.plain]))

    def _show(self, name: str, error: str) -> None:
        place = self.query_one(f"#{name}", Static)
        place.update(Content(f"✗ {clean(error, 400)}" if error else ""))
        place.set_class(bool(error), "-shown")


def scopes(index: Sequence[int], shape: Sequence[int]) -> list[str]:
    """Return subscripts that mean the element, its row, column and slice, and all, in this order."""
    every = [*index]
    found = [", ".join(map(str, every))]
    if len(shape) > 1:
        lead = every[:-2]
        found.append(", ".join(map(str, [*lead, every[-2], ":"])))
        found.append(", ".join(map(str, [*lead, ":", every[-1]])))
        found += [", ".join(map(str, [*lead, ":", ":"]))] if lead else []
    return [*found, "..."] if shape else ["..."]


def _label(name: str, meaning: str) -> Content:
    return Content.assemble((name, "bold"), "  ", (meaning, "dim"))
