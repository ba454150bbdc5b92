"""The screen of some steps of SGD or Adam: what they are to be, and curves of what they do while they run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.cell_format import short
from tui.screens.panel import Panel, keys_line
from tui.text import clean, fit_path
from tui.widgets.grid.curve import Curve, curve
from tui.widgets.parts.choice_line import ChoiceLine
from tui.widgets.parts.line_input import LineInput

OPTIMIZERS: tuple[tuple[str, str], ...] = (("SGD", "0.1"), ("Adam", "0.001"))
"""Each with the learning rate that is offered for it."""
LABELS = 15
"""Cells of the names of the fields."""
GAP = 3
MARGIN = 9
"""Cells of the numbers at the left of a curve."""
BARS = 12
"""Cells of the bar of a layer."""
WAITING = keys_line(("Enter", "takes them"), ("↑ ↓", "the fields"), ("Esc", "closes, u undoes"))
TAKING = keys_line(("Ctrl+C", "stops them; no other key acts until they are over"))
DECADES = 6
"""Powers of ten that the bar of a layer spans, up to 1."""


class Steps:
    """The steps that were taken so far."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.gradients: list[float] = []
        self.layers: list[m.LayerUpdate] = []
        self.total = 0

    def take(self, news: m.StepsGrew) -> None:
        """Take in more of them."""
        del self.losses[news.start :], self.gradients[news.start :]
        self.losses += [point.loss for point in news.points]
        self.gradients += [point.gradient for point in news.points]
        self.layers, self.total = news.layers, news.total

    def picture(self, width: int, height: int) -> Content:
        """Return both curves side by side, then how far the layers moved, in lines of `width` cells."""
        each = (width - GAP) // 2
        rows = max(min(8, height - 4 - min(len(self.layers), 6)), 3)
        drawn = [curve(values, self.total, each - MARGIN, rows) for values in (self.losses, self.gradients)]
        titles = [f"loss{_now(self.losses)}", f"gradient norm{_now(self.gradients)}"]
        lines = [Content((" " * GAP).join(title[:each].ljust(each) for title in titles)).stylize("bold")]
        for row in range(rows):
            lines.append(Content((" " * GAP).join(_row(picture, row, rows) for picture in drawn)))
        lines.append(Content(""))
        return Content("\n").join([*lines, *self._layer_lines(width, height - len(lines) - 1)])

    def _layer_lines(self, width: int, room: int) -> list[Content]:
        if room < 1 or not self.layers:
            return []
        shown = self.layers
        title = "update / weight of each layer, in the last step"
        if len(shown) > room:
            moved = sorted(range(len(shown)), key=lambda at: 0 if math.isnan(shown[at].ratio) else -shown[at].ratio)
            shown = [shown[at] for at in sorted(moved[:room])]
            title = f"update / weight, last step: the {room} of {len(self.layers)} layers that moved most"
        names = max(width - BARS - MARGIN - 4, 8)
        names = min(names, max(len(clean(layer.path) or "the network itself") for layer in shown))
        lines = [Content(title[:width]).stylize("bold")]
        for layer in shown:
            name = fit_path(clean(layer.path) or "the network itself", names)
            lines.append(Content(f"{name}  {_bar(layer.ratio)}  {short(layer.ratio, 3)}"))
        return lines


def _now(values: list[float]) -> str:
    return f"  {short(values[-1])}" if values else ""


def _row(picture: Curve, row: int, rows: int) -> str:
    labels = {1: "log" if picture.logarithmic else "", rows - 1: picture.low, 0: picture.high}
    return f"{labels.get(row, '')[: MARGIN - 1].rjust(MARGIN - 1)} {picture.lines[row]}"


def _bar(ratio: float) -> str:
    """Return a bar on a logarithmic scale that ends at 1."""
    if not math.isfinite(ratio) or ratio <= 0:
        return " " * BARS
    share = 1 + math.log10(ratio) / DECADES
    return ("█" * max(1, min(BARS, round(share * BARS)))).ljust(BARS)


def _field(label: str, name: str, value: str, placeholder: str = "") -> ComposeResult:
    with Horizontal(classes="field"):
        yield Static(label, markup=False)
        yield LineInput(value, placeholder=placeholder, id=name, compact=True, select_on_focus=False)


class OptimisePanel(Panel[None]):
    """The panel in which steps are taken.

    Args:
        ask: sends requests to the engine.
        report: called with the outcome.
    """

    DEFAULT_CSS = """
    OptimisePanel > #panel {
        height: 90%;
        & LineInput { height: 1; border: none; padding: 0; background: $boost; }
        & LineInput:focus { background: $primary-muted; }
        & .field { height: 1; }
        & .field > Static { width: 17; color: $text-muted; }
        & #steps-outcome { height: auto; max-height: 3; }
        & #steps-outcome.-problem { color: $text-error; }
        & #curves { height: 1fr; margin: 1 0 0 0; }
        &:nocolor LineInput:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("ctrl+c", "interrupt", "Stop", show=False, priority=True),
    ]

    def __init__(self, ask: Ask, report: Callable[[m.StepsTaken], None]) -> None:
        super().__init__()
        self._ask, self._report = ask, report
        self.steps = Steps()
        self.taking = False
        """Whether steps are being taken."""
        self._focused: Widget | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content("Steps of an optimizer on the input of the next forward")
            panel.border_subtitle = WAITING
            yield ChoiceLine("optimizer", [name for name, _ in OPTIMIZERS], label_width=LABELS)
            state = ChoiceLine("what it kept", ["goes on from the last steps", "anew"], label_width=LABELS)
            state.id = "state"
            yield state
            yield from _field("learning rate", "rate", OPTIMIZERS[0][1])
            yield from _field("steps", "count", "50")
            yield from _field("loss", "loss", "", "its own, or F.mse_loss(output, torch.zeros_like(output))")
            yield Static("", id="steps-outcome", markup=False)
            yield Static("", id="curves", markup=False)

    def on_mount(self) -> None:
        self.query_one("#count", LineInput).focus()
        self.watch(self.query_one(ChoiceLine), "chosen", self._optimizer_chosen, init=False)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    def _optimizer_chosen(self, old: int, new: int) -> None:
        line = self.query_one("#rate", LineInput)
        if line.value == OPTIMIZERS[old][1]:
            line.value = OPTIMIZERS[new][1]

    def take(self, news: m.StepsGrew) -> None:
        """Show more steps."""
        self.steps.take(news)
        self._say(f"{len(self.steps.losses):,} of {news.total:,} steps")
        self._draw()

    def _draw(self) -> None:
        place = self.query_one("#curves", Static)
        if self.steps.losses and place.size.width > 2 * MARGIN + GAP + 4:
            place.update(self.steps.picture(place.size.width, place.size.height))

    def _say(self, text: str, problem: bool = False) -> None:
        place = self.query_one("#steps-outcome", Static)
        place.update(Content(clean(text, 600)))
        place.set_class(problem, "-problem")

    @on(Input.Submitted)
    @on(ChoiceLine.Submitted)
    def _submitted(self) -> None:
        if self.taking:
            return
        rate, count = self.query_one("#rate", LineInput).value, self.query_one("#count", LineInput).value
        try:
            wanted = m.TakeSteps(
                optimizer="SGD" if self.query_one(ChoiceLine).chosen == 0 else "Adam",
                rate=float(rate),
                count=int(count),
                loss=self.query_one("#loss", LineInput).value,
                anew=self.query_one("#state", ChoiceLine).chosen == 1,
            )
        except ValueError:
            self._say(f"✗ the learning rate is a number, and the steps a whole one: {rate}, {count}", problem=True)
            return
        if not 1 <= wanted.count <= m.STEP_LIMIT:
            self._say(f"✗ 1 to {m.STEP_LIMIT:,} steps", problem=True)
            return
        self._take(wanted)

    @work(exclusive=True, group="steps", exit_on_error=False)
    async def _take(self, wanted: m.TakeSteps) -> None:
        self._taking(True)
        self.steps = Steps()
        self.query_one("#curves", Static).update("")
        self._say("the first step …")
        try:
            taken = await self._ask(wanted, m.StepsTaken)
        except EngineProblem as error:
            self._say(f"✗ {error.problem.title}. {error.problem.text}".rstrip(), problem=True)
            return
        except EngineGone:
            self.dismiss(None)
            return
        finally:
            self._taking(False)
        self._report(taken)
        if taken.problem is not None and taken.problem.kind != "interrupted":
            self._say(f"✗ {taken.problem.title}; {taken.text}", problem=True)
        else:
            stopped = "stopped: " if taken.problem else ""
            how = "Enter takes more; Esc, then u takes these back" if taken.count else "Enter takes them"
            self._say(f"{stopped}{taken.text}   ({how})")

    def _taking(self, taking: bool) -> None:
        """Have no key go into a field while steps are taken, and the focus where it was afterwards."""
        self.taking = taking
        if taking:
            self._focused = self.focused
        for field in (*self.query(LineInput), *self.query(ChoiceLine)):
            field.disabled = taking
        self.query_one("#panel").border_subtitle = TAKING if taking else WAITING
        if not taking and self._focused is not None and self.is_attached:
            self._focused.focus()

    def action_close(self) -> None:
        """Close the panel, unless steps are being taken."""
        if self.taking:
            self._say("they go on: Ctrl+C stops them")
        else:
            self.dismiss(None)

    async def action_interrupt(self) -> None:
        """Stop the steps; else copy what is selected in the line, as the key does there."""
        if self.taking:
            await self.app.run_action("app.interrupt")
        elif isinstance(self.focused, LineInput):
            self.focused.action_copy()
