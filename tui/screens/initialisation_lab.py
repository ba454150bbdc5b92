"""The initialisation lab: what, by which rule, what that gives and does to the signal; Enter carries it out."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.screens.initialisation_form import InitialisationForm
from tui.screens.panel import Panel, keys_line
from tui.text import clean
from tui.widgets.grid.distribution import DistributionChart
from tui.widgets.grid.signal_chart import SignalChart
from tui.widgets.parts.line_input import LineInput

DEBOUNCE = 0.15
"""Seconds after a key until the preview is asked for."""
SCHEMES = 6
"""Schemes in one picture; the oldest but today's goes."""
LOW = 32
"""Rows of a terminal below which a picture with the focus takes the place of the form."""
NO_SIGNAL = "Ctrl+G runs copies of the network forward and backward, and adds this scheme to the picture."


class InitialisationLab(Panel[m.Initialised | None]):
    """The panel that ends with what was initialised, or None.

    Args:
        ask: sends requests to the engine.
        offers: what can be chosen.
    """

    DEFAULT_CSS = """
    InitialisationLab > #panel {
        width: 100%;
        max-width: 160;
        height: 100%;
        max-height: 100%;
        & > #state { height: auto; max-height: 3; }
        & > #state.-wrong { color: $text-error; }
        & > DistributionChart { margin: 0 0 1 0; }
        & > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
        & > VerticalScroll:focus { background: $boost; }
        & #signal-note { height: auto; color: $text-muted; }
        &.-picture > InitialisationForm, &.-picture > DistributionChart { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("enter", "apply", "Apply", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("tab", "leave(1)", "Next", show=False),
        Binding("shift+tab", "leave(-1)", "Previous", show=False),
        Binding("pagedown", "place(1)", "Next parameter", show=False, priority=True),
        Binding("pageup", "place(-1)", "Previous parameter", show=False, priority=True),
        Binding("ctrl+g", "signal", "Signal", show=False, priority=True),
        Binding("ctrl+l", "forget", "Clear the picture", show=False, priority=True),
        Binding("ctrl+y", "copy_code", "Copy the Python", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True),
    ]

    def __init__(self, ask: Ask, offers: m.Initialisers) -> None:
        super().__init__()
        self._ask = ask
        self.offers = offers
        self.preview: m.InitialPreview | None = None
        self._place = 0
        self._schemes: list[m.Initialisation] = []
        """Those in the picture, without today's."""
        self._signals: m.Signals | None = None
        """The picture."""
        self._working = False
        """Whether the engine works for this panel at what may take long."""
        self._applying = False
        """Whether that is filling parameters."""

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content("Initialise parameters")
            panel.border_subtitle = self._keys(self.app.size.width)
            yield InitialisationForm(self.offers)
            yield Static("", id="state", markup=False)
            yield DistributionChart()
            with VerticalScroll():
                yield Static(NO_SIGNAL, id="signal-note", markup=False)
                yield SignalChart()

    def _keys(self, width: int) -> Content:
        if self.query("#panel.-picture"):
            return keys_line(
                ("Tab", "to the rule"),
                ("↑↓", "scroll"),
                ("Ctrl+L", "clears"),
                ("Enter", "applies"),
                ("Esc", "closes"),
            )
        keys = [("Enter", "applies"), ("←→", "change"), ("Tab", "next"), ("Ctrl+G", "signal"), ("Esc", "closes")]
        if width >= 100:
            keys[2:5] = [
                ("Ctrl+G", "signal"),
                ("Ctrl+L", "clears"),
                ("PgDn", "next parameter"),
                ("Ctrl+Y", "Python"),
                ("Esc", "closes"),
            ]
        return keys_line(*keys)

    def on_mount(self) -> None:
        self._renew()

    def on_resize(self, event: events.Resize) -> None:
        self._show_keys(self.room.width)

    def _show_keys(self, width: int) -> None:
        self.query_one("#panel").border_subtitle = self._keys(width)

    # -- the form
    @property
    def form(self) -> InitialisationForm:
        """Return the form."""
        return self.query_one(InitialisationForm)

    @on(InitialisationForm.Changed)
    def _changed(self, message: InitialisationForm.Changed) -> None:
        message.stop()
        if message.anew:
            self._place = 0
        self._renew()

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_apply()

    def on_descendant_focus(self) -> None:
        picture = isinstance(self.focused, VerticalScroll) and self.query_one(SignalChart).signals is not None
        self.query_one("#panel").set_class(picture and self.room.height < LOW, "-picture")
        self._show_keys(self.room.width)

    def action_leave(self, by: int) -> None:
        """Go to the next line, or the one before it; from the picture in place of the form back to that."""
        panel = self.query_one("#panel")
        if panel.has_class("-picture"):
            panel.remove_class("-picture")
            self._show_keys(self.room.width)
            self.call_after_refresh(self.form.rule_line.focus)
        elif by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    # -- the preview
    @work(exclusive=True, group="preview", exit_on_error=False)
    async def _renew(self) -> None:
        """Ask what the form would give, once nothing is typed any more."""
        await asyncio.sleep(DEBOUNCE)
        how = self.form.chosen()
        try:
            found = await self._ask(
                m.PreviewInitialiser(how=how, place=self._place), m.InitialPreview, on_progress=self._progress
            )
        except EngineProblem as error:
            self._fail(error.problem)
            return
        except EngineGone:
            self.dismiss(None)
            return
        if self.closed:
            return
        self.preview = found
        self.form.offer_fans(found.turned)
        wrong = next((clean(error, 400) for error in found.errors if error), "")
        self._state(f"✗ {wrong}" if wrong else clean(found.summary, 200), wrong=bool(wrong))
        self.query_one(DistributionChart).show(found if found.filled and not wrong else None)

    def _progress(self, progress: m.Progress) -> None:
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self._state(f"{clean(progress.text, 120)}{done}   (Ctrl+C stops)")

    def _fail(self, problem: m.Problem) -> None:
        text = clean(problem.text.strip().rpartition("\n")[2], 300) if problem.kind == "usage" else ""
        self._state(f"✗ {clean(problem.title, 300)}" + (f": {text}" if text else ""), wrong=True)

    def _state(self, text: str, *, wrong: bool = False) -> None:
        if self.closed or not self.is_attached:
            return  # an answer that comes when the panel is on its way out
        state = self.query_one("#state", Static)
        state.set_class(wrong, "-wrong")
        state.update(Content(text))

    def action_place(self, by: int) -> None:
        """Show the next of the parameters that are filled, or the one before it."""
        if self.preview is not None and self.preview.filled > 1:
            self._place = (self.preview.place + by) % self.preview.filled
            self._renew()

    def action_copy_code(self) -> None:
        """Copy the Python that does the same."""
        if self.preview is not None and self.preview.code:
            from tui.clipboard import copy

            self.app.run_worker(copy(self.app, self.preview.code), group="copy", exit_on_error=False)

    # -- the signal
    def action_signal(self) -> None:
        """Measure the signal with this scheme, and add it to those in the picture."""
        how = self.form.chosen()
        if how not in self._schemes:
            self._measure([how] if self._signals is not None else [m.Initialisation(), how])

    def action_forget(self) -> None:
        """Begin another picture."""
        self._schemes, self._signals = [], None
        self.query_one(SignalChart).show(None)
        self.query_one("#signal-note").display = True
        if self.query("#panel.-picture"):
            self.action_leave(1)

    @work(exclusive=True, group="signal", exit_on_error=False)
    async def _measure(self, schemes: list[m.Initialisation]) -> None:
        self._working = True
        try:
            found = await self._ask(m.MeasureSignal(schemes=schemes), m.Signals, on_progress=self._progress)
        except EngineProblem as error:
            self._fail(error.problem)
            return
        except EngineGone:
            self.dismiss(None)
            return
        finally:
            self._working = False
        if self.closed:
            return
        self._schemes.append(schemes[-1])
        if self._signals is not None:
            found = joined(self._signals, found)
        self._signals = found
        self._state(clean(self.preview.summary, 200) if self.preview is not None else "")
        self.query_one("#signal-note").display = False
        self.query_one(SignalChart).show(found)
        if self.room.height < LOW:
            self.query_one(VerticalScroll).focus()

    # -- carrying out
    def action_apply(self) -> None:
        """Carry out what the form says."""
        if not self._working:
            self._apply(self.form.chosen())

    def action_close(self) -> None:
        """Close the lab; while parameters are filled stop that instead, which may have filled some."""
        if not self._applying:
            super().action_close()
            return
        self.workers.cancel_group(self, "apply")
        self._state("stopped: u takes back what was filled")

    @work(exclusive=True, group="apply", exit_on_error=False)
    async def _apply(self, how: m.Initialisation) -> None:
        self._working = self._applying = True
        try:
            done = await self._ask(m.ApplyInitialiser(how=how), m.Initialised, on_progress=self._progress)
        except EngineProblem as error:
            self._fail(error.problem)
            return
        except EngineGone:
            self.dismiss(None)
            return
        finally:
            self._working = self._applying = False
        self.dismiss(done)

    async def action_interrupt(self) -> None:
        """Stop what the engine does for this panel; else copy what is selected in the line, as the key does there."""
        running = [each for each in self.workers if each.node is self and not each.is_finished]
        if running:
            await self.app.run_action("app.interrupt")
        elif isinstance(self.focused, LineInput):
            self.focused.action_copy()


def joined(one: m.Signals, other: m.Signals) -> m.Signals:
    """Return the signals of both, of the latest schemes with the first."""
    layers = max(one.layers, other.layers, key=len)
    signals = [*one.signals, *other.signals]
    return m.Signals(layers=layers, signals=[*signals[:1], *signals[1:][-(SCHEMES - 1) :]])
