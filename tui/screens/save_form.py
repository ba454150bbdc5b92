"""The form for a new file: its name, what of what is open it holds, what that would be, and writing it."""

from __future__ import annotations

import shlex
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui import numbers
from tui.asking import Ask
from tui.screens.panel import Panel, keys_line
from tui.text import clean
from tui.widgets.parts.line_input import LineInput

FIELDS = (
    ("file", "", "a new file: .safetensors, or .pt for a torch file; what is there is never written over"),
    ("rename", "such as model.= or '*.gamma=*.weight'", "OLD=NEW, several with spaces between; empty renames nothing"),
    ("match", "such as encoder.*", "names that are saved, after renaming; empty saves all"),
    ("dtype", "float16, bfloat16, float32 or float64", "of floating tensors; empty leaves each as it is"),
)
"""Name, placeholder and meaning of each line."""
NOTES = 4
"""Notes that are shown."""


class SaveForm(Panel[m.Saved | None]):
    """The panel that ends with the file that was written, or None.

    Args:
        ask: sends requests to the engine.
        name: what is open.
        place: on which machine the file will be; empty for this one.
    """

    DEFAULT_CSS = """
    SaveForm > #panel {
        & .label { height: auto; }
        & LineInput { height: 1; border: none; padding: 0; background: $boost; }
        & LineInput:focus { background: $primary-muted; }
        & #plan { height: auto; margin: 1 0 0 0; }
        & #plan.-problem { color: $text-error; }
        &:nocolor LineInput:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, ask: Ask, name: str, place: str = "") -> None:
        super().__init__()
        self._ask, self._source_name, self._place = ask, name, place
        self._saving = False
        self._named = ""
        """The name that the engine gave."""

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content(f"Save the tensors of {clean(self._source_name, 60)}")
            panel.border_subtitle = keys_line(("Enter", "writes the file"), ("Tab", "next"), ("Esc", "closes"))
            for name, placeholder, meaning in FIELDS:
                yield Static(Content.assemble((name, "bold"), "  ", (meaning, "dim")), classes="label")
                yield LineInput(placeholder=placeholder, id=f"save-{name}", select_on_focus=False, compact=True)
            yield Static("", id="plan", markup=False)

    def on_mount(self) -> None:
        self._field("file").focus()
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        roomy = self.room.height >= 20
        for at, (name, placeholder, _) in enumerate(FIELDS):
            self.query(".label")[at].display = roomy or not at
            self._field(name).placeholder = placeholder if roomy or not at else f"{name}: {placeholder}"

    def _field(self, name: str) -> LineInput:
        return self.query_one(f"#save-{name}", LineInput)

    def _options(self) -> m.SaveOptions:
        """Return what the lines say; raise ValueError where a quote is open."""
        return m.SaveOptions(
            out=self._field("file").value.strip(),
            renames=shlex.split(self._field("rename").value),
            match=self._field("match").value.strip(),
            dtype=self._field("dtype").value.strip(),
        )

    @on(Input.Changed)
    def _changed(self) -> None:
        if not self._saving:
            self._look()

    @work(exclusive=True, group="save", exit_on_error=False)
    async def _look(self) -> None:
        """Show what the file would hold."""
        try:
            planned = await self._ask(m.PlanSave(options=self._options()), m.SavePlan)
        except EngineProblem as error:
            self._show_problem(error.problem)
            return
        except ValueError as error:
            self._show(f"rename: {error}", problem=True)
            return
        except EngineGone:
            self.dismiss(None)
            return
        field = self._field("file")
        if not field.value and not self._named:
            self._named = planned.out
            field.value = clean(planned.out)
            field.cursor_position = len(field.value)
        lines = [f"{clean(planned.form)}: {planned.tensors:,} tensors, {numbers.size(planned.bytes)}{self._place}"]
        self._show("\n".join([*lines, *_some(planned.notes)]))

    def _show(self, text: str, problem: bool = False) -> None:
        place = self.query_one("#plan", Static)
        place.update(Content(text))
        place.set_class(problem, "-problem")

    def _show_problem(self, problem: m.Problem) -> None:
        self._show(clean(f"✗ {problem.title}. {problem.text}".rstrip(), 600), problem=True)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if not self._saving:
            self._save()

    @work(exclusive=True, group="save", exit_on_error=False)
    async def _save(self) -> None:
        self._saving = True
        try:
            request = m.SaveTensors(options=self._options())
            saved = await self._ask(request, m.Saved, lambda progress: self._show(clean(progress.text, 300)))
        except EngineProblem as error:
            self._show_problem(error.problem)
        except ValueError as error:
            self._show(f"rename: {error}", problem=True)
        except EngineGone:
            self.dismiss(None)
        else:
            self.dismiss(saved)
        finally:
            self._saving = False

    def action_close(self) -> None:
        """Close without a file; while one is being written, interrupt that."""
        if self._saving:
            self._interrupt()
        else:
            self.dismiss(None)

    @work(group="interrupt", exit_on_error=False)
    async def _interrupt(self) -> None:
        try:
            await self._ask(m.Interrupt(), m.Done)
        except (EngineProblem, EngineGone):
            self.dismiss(None)


def _some(notes: list[str]) -> list[str]:
    shown = [f"· {clean(note, 300)}" for note in notes[:NOTES]]
    return [*shown, f"· and {len(notes) - NOTES:,} more"] if len(notes) > NOTES else shown
