"""Running: statements, forward, backward, gradients cleared, undo, interrupt, and what follows an engine's death."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property

from msgspec.structs import asdict
from textual import on, work

from models import messages as m
from models.engine.run_modes import options_of
from models.messages.errors import EngineGone, EngineProblem
from tui import numbers
from tui.input_order import LOOK_AGAIN, InputOrder, hold_input, hold_long
from tui.screens.catalogue import Catalogue
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.screens.growing import Growing
from tui.tabs import tab_of
from tui.text import clean
from tui.widgets.console.console import Console
from tui.widgets.console.prompt import Prompt
from tui.widgets.parts.info import Info
from tui.widgets.table.call_table import CallTable

PATIENCE = 3
"""Interrupts without an effect after which killing the engine is offered."""

AWAITING = "awaiting the end"
"""The worker of a panel that comes when nothing runs."""

KILL = "Kill the engine? What was changed in the model is lost. The screen stays, and R opens it again."
LEAVE = "Leave the explorer? What runs is part of your program and goes on there, until Ctrl+C ends it."


class Running(ExplorerBase):
    """What the explorer does to run statements, forward and backward, and when the engine ends."""

    interrupts = 0
    """Interrupts sent to what runs now."""
    pending = 0
    """Statements and runs that were asked for and are not answered yet."""
    running = ""
    """What the engine's main thread works at."""
    _has_failed = False
    """Whether the last run failed: then a module is marked in the tree."""

    # -- asking for something to run ---------------------------------------------------------------------------------
    @on(Console.Submitted)
    def _submitted(self, message: Console.Submitted) -> None:
        self._run(self._execute(message.text))

    async def _execute(self, text: str, about: Sequence[str] = ()) -> bool:
        """Run a statement, which is known to change the tensors at paths; return whether it raised nothing."""
        console = self.console
        self.named = True
        done = await self.link.ask(m.Execute(text=text, about=list(about)), m.Executed)
        if done.value is not None:
            console.show_value(done.value)
        if done.problem is not None:
            console.show_error(done.problem)
        else:
            self.observe("typed", text)
        if done.run is not None:
            self._mark_failure(done.problem is not None)
        self._report_changed(done)
        return done.problem is None

    def action_forward(self) -> None:
        """Run forward, the calls in view."""
        self._run(self._forward())

    async def _forward(self) -> bool:
        """Run forward; return whether that went well."""
        self.show_tab("calls", focus=False)
        ran = await self.link.ask(m.Forward(), m.Ran)
        self._report_run("forward", ran)
        return ran.problem is None

    def action_dry_run(self) -> None:
        """Run forward without values, the costs of the calls in view."""
        self._run(self._dry_run())

    async def _dry_run(self) -> None:
        self.show_tab("calls", focus=False)
        ran = await self.link.ask(m.Forward(dry=True), m.Ran)
        self._report_run("dry run", ran)
        if ran.problem is None:
            self.query_one(CallTable).show_costs()
            self.status_message(ran.text.split("\n")[1] if "\n" in ran.text else ran.text)

    # -- the inputs of the next forward
    def action_inputs(self) -> None:
        """Show the form for the inputs of the next forward."""
        if self.summary is not None:
            self.when_over("I", lambda: self._show_inputs(hold_input(self.app)))

    @on(CallTable.InputsWanted)
    def _inputs_wanted(self) -> None:
        self.action_inputs()

    @work(exclusive=True, group="inputs", exit_on_error=False)
    async def _show_inputs(self, release: Callable[[], None]) -> None:
        from tui.screens.input_form import InputForm

        try:
            form = await self.link.ask(m.ReadInputs(), m.InputFields)
            self.app.push_screen(InputForm(self.link.ask, form), self._inputs_set)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
        finally:
            release()

    def _inputs_set(self, done: m.InputsSet | None) -> None:
        if done is None:
            return
        self.input_specs, self.run_mode = done.specs, done.mode
        given = " ".join([f"--input {shlex.quote(spec)}" for spec in done.specs] + options_of(asdict(done.mode)))
        self.log_to_console(f"inputs: {done.text or 'none'}" + (f"   ({given})" if given else ""))
        self.status_message("the inputs are set: f runs forward")

    def action_backward(self) -> None:
        """Run backward; forward first, where nothing has run yet."""
        self._run(self._backward())

    async def _backward(self) -> None:
        seen = self.shown_tab("lower")
        if self.query_one(CallTable).run is None:
            self.log_to_console("nothing has run yet: forward first, then backward")
            seen = "calls"
            if not await self._forward():
                return
        ran = await self.link.ask(m.Backward(), m.Ran)
        self.query_one(CallTable).reload()
        self.module_tree.reload()
        self._report_run("backward", ran)
        if ran.problem is None:
            start = brief_start(ran.text)
            self.status_message(f"gradients are there{start}: {tab_of('gradients').key} shows them")
        elif self.shown_tab("lower") == seen:  # else the user chose another meanwhile
            self.show_tab("console", focus=False)

    def _mark_failure(self, has_failed: bool) -> None:
        """Have the tree mark the module in which a run failed, and no more the one of the run before."""
        if has_failed or self._has_failed:
            self.module_tree.reload()
        self._has_failed = has_failed

    def _report_run(self, name: str, ran: m.Ran) -> None:
        console = self.console
        if ran.run is not None:
            self._mark_failure(ran.problem is not None)
        if ran.problem is not None:
            console.show_error(ran.problem)
            why = clean(ran.problem.hint or ran.problem.title, NOTICE)
            if ran.problem.kind == "interrupted":
                self.notify(why, title=f"{name} interrupted", markup=False)
            else:
                self.notify(why, title=f"{name} failed", severity="error", markup=False)
        else:
            first, _, more = ran.text.partition("\n")
            self.observe("ran", name)
            self.log_to_console(f"{name}: {first} in {numbers.duration(ran.seconds)}" + (f"\n{more}" if more else ""))
        self._report_changed(ran)

    def _report_changed(self, done: m.Executed | m.Ran | m.Initialised) -> None:
        changed = done.changed
        shown = ", ".join(changed[:4]) + (f" and {len(changed) - 4} more" if len(changed) > 4 else "")
        if shown := "; ".join(filter(None, [shown, done.effects])):
            back = f"u cannot take back all of it: {done.lasting}" if done.lasting else "u takes it back"
            self.log_to_console(f"changed: {shown}   ({back})")

    def action_zero_gradients(self) -> None:
        """Clear the gradients."""
        self._run(self._plainly(m.ZeroGradients()))

    def action_undo(self) -> None:
        """Take back the last change."""
        self._run(self._plainly(m.Undo()))

    def action_redo(self) -> None:
        """Do again what was taken back last."""
        self._run(self._plainly(m.Undo(again=True)))

    async def _plainly(self, request: m.ZeroGradients | m.Undo) -> None:
        done = await self.link.ask(request, m.Done)
        self.log_to_console(done.text)
        self.status_message(done.text)

    @work(group="run", exit_on_error=False)
    async def _run(self, asking: Awaitable[object]) -> None:
        self.pending += 1
        try:
            await asking
        except EngineProblem as error:
            self.notify_error(error)
            self.console.show_error(error.problem)
        except EngineGone as gone:
            if self.link.starting:
                self.log_to_console("not done: the engine is still starting")
            elif not self.link.alive:
                self.log_to_console(f"cut off: {gone.title}. {self.restart_keys} starts a new engine.")
        finally:
            self.pending = max(self.pending - 1, 0)
            if not self.pending and self.link.alive:
                self.look_anew()

    # -- panels that wait for what runs
    def when_over(self, key: str, show: Callable[[], object]) -> None:
        """Call `show`, which shows the panel of a key, once nothing runs.

        Until then the line on top says that the key waits, what is typed waits as well, and Esc gives up.
        """
        if not self.running and not self.pending:
            show()
            return
        self.status.message, self.status.awaiting = "", key
        end = hold_long(self.app, self._given_up)
        if self.status.awaiting:  # else Esc was typed right behind the key
            self._show_when_over(show, end)

    def _given_up(self) -> None:
        self.workers.cancel_group(self, AWAITING)
        self.status.awaiting = ""

    @work(exclusive=True, group=AWAITING, exit_on_error=False)
    async def _show_when_over(self, show: Callable[[], object], end: Callable[[bool], None]) -> None:
        while self.running or self.pending:  # noqa: ASYNC110 - plain values, set in many places
            await asyncio.sleep(LOOK_AGAIN)
        self.status.awaiting = ""
        shows = self.summary is not None and not self.status.gone
        try:
            if shows:
                show()
        finally:
            end(shows)

    # -- what runs ---------------------------------------------------------------------------------------------------
    def take_busy(self, text: str) -> None:
        """Show what the engine's main thread works at; an empty text when it is free again."""
        self.running = text
        self.interrupts = 0
        self.status.state = text and (self.progress_text or text)
        self.status.hint = "Ctrl+C interrupts" if text else ""
        self.console.busy(text)

    @cached_property
    def _growing(self) -> Growing:
        table = self.query_one(CallTable)
        order: InputOrder | None = getattr(self.app, "input_order", None)
        return Growing(
            self,
            self._show_calls,
            at_once=lambda event: table.run != event.run,
            at_work=lambda: table.at_work,
            few=lambda: table.count <= table.page_height,
            typed=lambda: 0.0 if order is None else order.last,
        )

    def take_calls(self, event: m.CallsGrew) -> None:
        """Take in that a run has more calls, or is over, or is about to be: an interrupt has reached it."""
        if event.interrupted and not event.complete:
            self.status.state = f"{self.running} interrupted".strip()
            self.status.hint = ""
        else:
            self._growing.tell(event)

    def _show_calls(self, event: m.CallsGrew) -> None:
        table = self.query_one(CallTable)
        if table.run == event.run:
            table.grow(event.total, event.complete)
        else:
            table.show(event.run, event.total, event.complete, page=event.page)
        self.show_count("calls", event.total)
        if event.complete:
            self.query_one(Info).refresh_values()  # which says what the last run did
            if self.module_tree.shows_run:
                self.module_tree.reload()

    def interrupt(self) -> None:
        """Interrupt what runs; after some interrupts without an effect, offer to kill the engine."""
        if not self.running and not self.pending:
            if self.stop_comparing():
                return
            prompt = self.query_one(Prompt)
            if self.focused is prompt and prompt.text:
                prompt.clear()  # as at every prompt
            else:
                self.status_message("nothing runs: Ctrl+Q quits")
            return
        self.interrupts += 1
        if self.interrupts > PATIENCE - 1:
            self._offer_kill()
        if self.interrupts <= PATIENCE:
            self._interrupt()

    @work(group="interrupt", exit_on_error=False)
    async def _interrupt(self) -> None:
        self.status.message = ""
        self.status.state = f"interrupting {self.running}".strip()
        try:
            await self.link.ask(m.Interrupt(), m.Done)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)

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
        """Report that the engine died, or could not be started, and keep everything that is on the screen."""
        self.forget_run()
        self.status.gone = True
        keys = self.restart_keys
        self.status.state = f"no engine: {keys} restarts"
        text = (gone.words + "\n" if gone.words else "") + f"{keys} starts a new engine and opens again what was open."
        title = gone.title if "engine" in gone.title else f"the engine ended: {gone.title}"
        problem = m.Problem("engine", title[:1].upper() + title[1:], text)
        self.console.show_error(problem)
        for screen in self.app.screen_stack:
            if isinstance(screen, Catalogue):
                screen.engine_lost(gone)
        if self.summary is None:
            self.show_error(problem)
        else:
            self.show_tab("console", focus=False)
            self.notify(f"{keys} starts a new one.", title=clean(problem.title, NOTICE), severity="error", markup=False)

    def engine_started(self) -> None:
        """Take in that a new engine answers: nothing runs, and nothing is lost."""
        self.app.clear_notifications()
        self.forget_run()
        self.status.gone = False
        for screen in self.app.screen_stack:
            if isinstance(screen, Catalogue):
                screen.engine_started()

    def forget_run(self) -> None:
        """Take in that nothing runs any more."""
        self.running, self.interrupts, self.pending = "", 0, 0
        self._growing.forget()
        self.console.busy("")

    def forget_runs(self) -> None:
        """Drop the runs so far: they belong to another model."""
        self.steps, self.steps_ahead = [], []
        self._growing.forget()
        self.select_tree()
        self.query_one(CallTable).show(None)
        self.show_count("calls", None)


def brief_start(text: str) -> str:
    """Return in a few words from what a backward started, ` (from ['loss'])`; the console has the rest of `text`."""
    first = re.split(": |; |, grad_fn", text)[0]
    return f" ({first})" if first.startswith("from ") else ""
