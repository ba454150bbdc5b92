"""Running: statements, forward, backward, gradients cleared, undo, interrupt, and what follows an engine's death."""

from __future__ import annotations

from collections.abc import Awaitable

from textual import on, work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui import numbers
from tui.screens.catalogue import Catalogue
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.text import clean
from tui.widgets.bar import Bar
from tui.widgets.call_table import CallTable
from tui.widgets.console import Console
from tui.widgets.prompt import Prompt

PATIENCE = 3
"""Interrupts without an effect after which killing the engine is offered."""

KILL = "Kill the engine? What was changed in the model is lost. The screen stays, and R opens it again."
LEAVE = "Leave the explorer? What runs is part of your program and goes on there, until Ctrl+C ends it."


class Running(ExplorerBase):
    """Part of the explorer."""

    interrupts = 0
    """Interrupts sent to what runs now."""
    pending = 0
    """Statements and runs that were asked for and are not answered yet."""
    running = ""
    """What the engine's main thread works at."""

    # -- asking for something to run ---------------------------------------------------------------------------------
    @on(Console.Submitted)
    def _submitted(self, message: Console.Submitted) -> None:
        self._run(self._execute(message.text))

    async def _execute(self, text: str) -> None:
        console = self.console
        done = await self.link.ask(m.Execute(text=text), m.Executed)
        if done.value is not None:
            console.show_value(done.value)
        if done.problem is not None:
            console.show_problem(done.problem)
        self._tell_changed(done.changed)

    def action_forward(self) -> None:
        self._run(self._forward())

    async def _forward(self) -> None:
        self.show_below("calls")
        ran = await self.link.ask(m.Forward(), m.Ran)
        self._tell_run("forward", ran)

    def action_backward(self) -> None:
        self._run(self._backward())

    async def _backward(self) -> None:
        ran = await self.link.ask(m.Backward(), m.Ran)
        self._tell_run("backward", ran)
        if ran.problem is None:
            self.say("gradients are there: 2 shows them")
        else:
            self.show_below("console")

    def _tell_run(self, name: str, ran: m.Ran) -> None:
        console = self.console
        if ran.problem is not None:
            console.show_problem(ran.problem)
            self.notify(clean(ran.problem.title, NOTICE), title=f"{name} failed", severity="error", markup=False)
        else:
            console.note(f"{name}: {ran.text} in {numbers.duration(ran.seconds)}")
        self._tell_changed(ran.changed)

    def _tell_changed(self, changed: list[str]) -> None:
        if changed:
            shown = ", ".join(changed[:4]) + (f" and {len(changed) - 4} more" if len(changed) > 4 else "")
            self.console.note(f"changed: {shown}   (u takes it back)")

    def action_zero_gradients(self) -> None:
        self._run(self._plainly(m.ZeroGradients()))

    def action_undo(self) -> None:
        self._run(self._plainly(m.Undo()))

    async def _plainly(self, request: m.ZeroGradients | m.Undo) -> None:
        done = await self.link.ask(request, m.Done)
        self.console.note(done.text)
        self.say(done.text)

    @work(group="run", exit_on_error=False)
    async def _run(self, asking: Awaitable[None]) -> None:
        self.pending += 1
        try:
            await asking
        except EngineProblem as error:
            self.tell(error)
            self.console.show_problem(error.problem)
        except EngineGone as gone:
            if not self.link.alive:
                self.console.note(f"cut off: {gone.title}. {self.restart_keys} starts a new engine.")
        finally:
            self.pending = max(self.pending - 1, 0)

    # -- what runs ---------------------------------------------------------------------------------------------------
    def take_busy(self, text: str) -> None:
        """The engine's main thread began to work at something, or is free again."""
        self.running = text
        self.interrupts = 0
        self.status.state = text and (self.step or text)
        self.status.hint = "Ctrl+C interrupts" if text else ""
        self.console.busy(text)

    def take_calls(self, event: m.CallsGrew) -> None:
        """A run has more calls."""
        table = self.query_one(CallTable)
        if table.run == event.run:
            table.grow(event.total, event.complete)
        else:
            table.show(event.run, event.total, event.complete)
        self.query_one("#lower-bar", Bar).tabs[1] = ("6", f"Calls {event.total:,}")
        self.query_one("#lower-bar", Bar).refresh()

    def interrupt(self) -> None:
        """Interrupt what runs; after some interrupts without an effect, offer to kill the engine."""
        if not self.running and not self.pending:
            prompt = self.query_one(Prompt)
            if self.focused is prompt and prompt.text:
                prompt.clear()  # as at every prompt
            else:
                self.say("nothing runs: Ctrl+Q quits")
            return
        self.interrupts += 1
        if self.interrupts > PATIENCE - 1:
            self._offer_kill()
        if self.interrupts <= PATIENCE:
            self._interrupt()

    @work(group="interrupt", exit_on_error=False)
    async def _interrupt(self) -> None:
        self.status.said = ""
        self.status.state = f"interrupting {self.running}".strip()
        try:
            await self.link.ask(m.Interrupt(), m.Done)
        except (EngineProblem, EngineGone) as error:
            self.tell(error)

    def _offer_kill(self) -> None:
        from tui.screens.confirm import ConfirmScreen

        if isinstance(self.app.screen, ConfirmScreen):
            return
        question = ConfirmScreen("The engine does not react", LEAVE if self.options.attached else KILL)
        self.app.push_screen(question, self._kill_answered)

    def _kill_answered(self, kill: bool | None) -> None:
        if kill:
            self.link.kill()

    # -- the engine's end --------------------------------------------------------------------------------------------
    def engine_lost(self, gone: EngineGone) -> None:
        """The engine died, or could not be started: say so, and keep everything that is on the screen."""
        self.forget_run()
        self.status.gone = True
        keys = self.restart_keys
        self.status.state = f"no engine: {keys} restarts"
        text = (gone.words + "\n" if gone.words else "") + f"{keys} starts a new engine and opens again what was open."
        title = gone.title if "engine" in gone.title else f"the engine ended: {gone.title}"
        problem = m.Problem("engine", title[:1].upper() + title[1:], text)
        self.console.show_problem(problem)
        if self.summary is None:
            self.show_problem(problem)
        else:
            self.show_below("console")
            self.notify(f"{keys} starts a new one.", title=clean(problem.title, NOTICE), severity="error", markup=False)

    def engine_started(self) -> None:
        """A new engine answers."""
        self.app.clear_notifications()
        self.forget_run()
        self.status.gone = False
        for screen in self.app.screen_stack:
            if isinstance(screen, Catalogue):
                screen.engine_started()

    def forget_run(self) -> None:
        """Nothing runs any more."""
        self.running, self.interrupts, self.pending = "", 0, 0
        self.console.busy("")

    def forget_runs(self) -> None:
        """The runs so far belong to another model."""
        self.query_one(CallTable).show(None)
        bar = self.query_one("#lower-bar", Bar)
        bar.tabs[1] = ("6", "Calls")
        bar.refresh()
