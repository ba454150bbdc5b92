"""The form for the inputs of the next forward: one line for each of its arguments, errors at the line."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from models import messages as m
from models.engine.run_modes import RUN_MODES, ModeField
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.screens.panel import Panel, keys_line
from tui.text import clean
from tui.widgets.parts.choice_line import ChoiceLine
from tui.widgets.parts.line_input import LineInput

GRAMMAR = "2x20   int64[1,64]<50257   bfloat16[2,3]~normal   = expression in the console's names"
NOTHING = "forward takes no inputs"
FOR_THE_RUN = "For f and Ctrl+F alone; afterwards all is as it was:"
LABEL = max(len(field.title) for field in RUN_MODES)
"""Cells of the label of a choice."""


class InputForm(Panel[m.InputsSet | None]):
    """The panel that ends with the inputs that were set, or None.

    Args:
        ask: sends requests to the engine.
        form: the inputs as they are.
    """

    DEFAULT_CSS = """
    InputForm > #panel {
        & > #grammar { color: $text-muted; height: auto; margin: 0 0 1 0; }
        & > VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
        & .label { height: auto; }
        & LineInput { height: 1; border: none; padding: 0; background: $boost; }
        & LineInput:focus { background: $primary-muted; }
        & .error { color: $text-error; height: auto; display: none; }
        & .error.-shown { display: block; }
        & #mode { margin: 1 0 0 0; color: $text-muted; }
        &:nocolor LineInput:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True),
    ]

    def __init__(self, ask: Ask, form: m.InputFields) -> None:
        super().__init__()
        self._ask = ask
        self.form = form
        self._making = False
        """Whether the engine makes the inputs, which may run code of the user's."""

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content("The next forward: inputs and mode")
            panel.border_subtitle = keys_line(("Enter", "sets them, f runs"), ("Tab", "next"), ("Esc", "closes"))
            origin = f"Now: {clean(self.form.origin, 200)}.\n" if self.form.origin else ""
            yield Static(origin + (GRAMMAR if self.form.fields else NOTHING), id="grammar", markup=False)
            with VerticalScroll(can_focus=False):
                for field in self.form.fields:
                    yield Static(_label(field), classes="label", markup=False)
                    yield LineInput(clean(field.text), placeholder=_placeholder(field), compact=True)
                    yield Static("", classes="error", markup=False)
                yield Static(FOR_THE_RUN, classes="label", id="mode", markup=False)
                yield from map(self._choice, RUN_MODES)

    def _choice(self, field: ModeField) -> ChoiceLine:
        values = [value.value for value in field.values]
        now = getattr(self.form.mode, field.name)
        chosen = values.index(now) + 1 if now in values else 0
        return ChoiceLine(field.title, [field.unset, *values], chosen, label_width=LABEL)

    def on_mount(self) -> None:
        self.query("LineInput, ChoiceLine").first(Widget).focus()

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(VerticalScroll).styles.max_height = max(3, self.room.height * 9 // 10 - 6)

    @property
    def lines(self) -> list[LineInput]:
        """Return the lines, one for each argument."""
        return list(self.query(LineInput))

    @property
    def mode(self) -> m.RunMode:
        """Return the mode that is chosen."""
        chosen = [line.chosen for line in self.query(ChoiceLine)]
        values = {
            field.name: field.values[index - 1].value for field, index in zip(RUN_MODES, chosen, strict=True) if index
        }
        return m.RunMode(**values)  # type: ignore[arg-type]

    @on(Input.Submitted)
    @on(ChoiceLine.Submitted)
    def _submitted(self) -> None:
        self._set()

    async def action_interrupt(self) -> None:
        """Interrupt what makes the inputs; else copy what is selected in the line, as the key does there."""
        if self._making:
            await self.app.run_action("app.interrupt")
        elif isinstance(self.focused, LineInput):
            self.focused.action_copy()

    @work(exclusive=True, group="inputs", exit_on_error=False)
    async def _set(self) -> None:
        self._making = True
        try:
            done = await self._ask(m.SetInputs(texts=[line.value for line in self.lines], mode=self.mode), m.InputsSet)
        except EngineProblem as error:
            self._show_errors([error.problem.title] * min(1, len(self.lines)))
            return
        except EngineGone:
            self.dismiss(None)
            return
        finally:
            self._making = False
        if any(done.errors):
            self._show_errors(done.errors)
        else:
            self.dismiss(done)

    def _show_errors(self, errors: list[str]) -> None:
        """Show each field's error below it, and go to the first that has one."""
        shown = [*errors, *[""] * len(self.form.fields)]
        for place, error in zip(self.query(".error").results(Static), shown, strict=False):
            place.update(Content(f"✗ {clean(error, 400)}" if error else ""))
            place.set_class(bool(error), "-shown")
        first = next((index for index, error in enumerate(errors) if error), 0)
        if self.lines:
            self.lines[first].focus()


def _label(field: m.InputField) -> Content:
    """Return the name of an argument, and what it is now."""
    facts = []
    if field.present:
        facts.append(f"now {clean(field.present, 120)}")
    elif field.default:
        facts.append(f"not given: {clean(field.default, 80)}")
    elif not field.required:
        facts.append("not given")
    return Content.assemble((clean(field.name, 80), "bold"), "  ", (", ".join(facts) or "required", "dim"))


def _placeholder(field: m.InputField) -> str:
    if field.several:
        return "NAME=SPEC NAME=SPEC"
    return "stays as it is" if field.present else "such as 2x20, or = and code" if field.required else "left out"
