"""Changing the network by keys: elements, what is frozen, train and eval, each a statement that the console shows; and
snapshots of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from textual import on, work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.input_order import hold_input
from tui.screens.requires_code import RequiresCode
from tui.widgets.grid.value_grid import ValueGrid
from tui.widgets.table.tensor_table import TensorTable


class Editing(RequiresCode):
    """What the explorer does to change the network by keys."""

    @on(ValueGrid.EditWanted)
    def _edit_wanted(self, message: ValueGrid.EditWanted) -> None:
        from tui.screens.edit_form import EditForm

        message.stop()
        if not self._may_change():  # what the grid shows of the element may not be true when it is over
            return
        of: Literal["value", "gradient"] = "gradient" if message.of == "gradient" else "value"
        if not message.present:
            self._run(self._why_not(message.path, of))
            return
        form = EditForm(self.link.ask, message.path, of, message.index, message.shape, message.present)
        self.app.push_screen(form, self._planned)

    async def _why_not(self, path: str, of: Literal["value", "gradient"]) -> None:
        """Have it said why elements that are not there cannot be changed, and what makes them."""
        await self.link.ask(m.PlanEdit(path=path, kind="elements", of=of), m.EditPlan)

    def _planned(self, plan: m.EditPlan | None) -> None:
        if plan is not None:
            self._run(self._do(plan, "changed "))

    def action_freeze(self) -> None:
        """Freeze what is selected and all below, or unfreeze it where nothing there requires a gradient."""
        self._change("freeze")

    def action_mode(self) -> None:
        """Set the selected module and all below to eval, or to train where it is in eval."""
        self._change("mode")

    def _change(self, kind: Literal["freeze", "mode"]) -> None:
        if not self._may_change():
            return
        # Not `self.path`, which follows when the cursor rests: what is seen under it is meant.
        table = self.focused if isinstance(self.focused, TensorTable) else self.module_tree
        if table.row is None:
            self.status_message("what is under the cursor is not there yet")
        else:
            self._run(self._plan_and_do(kind, table.row.path))

    def _may_change(self) -> bool:
        """Return whether a network is open and nothing runs; else say so."""
        if self.summary is None or not self._has_code():
            return False
        if self.running or self.pending:
            self.status_message("something runs: the network can be changed when it is over")
            return False
        return True

    async def _plan_and_do(self, kind: Literal["freeze", "mode"], path: str) -> None:
        await self._do(await self.link.ask(m.PlanEdit(path=path, kind=kind), m.EditPlan))

    async def _do(self, plan: m.EditPlan, did: str = "") -> None:
        """Run a statement as if it had been typed, and say that it `did` what its note says."""
        self.console.remember(plan.statement)
        if await self._execute(plan.statement, plan.about):
            self.status_message(f"{did}{plan.note} (u takes it back)")

    # -- steps of an optimizer
    def action_optimise(self) -> None:
        """Show the panel in which steps of an optimizer are taken."""
        if self.summary is not None and self._has_code():
            self.when_over("B", self._show_steps)

    def _show_steps(self) -> None:
        from tui.screens.optimising import OptimisePanel

        self.app.push_screen(OptimisePanel(self.link.ask, self._steps_taken))

    def take_steps(self, news: m.StepsGrew) -> None:
        """Show steps that were taken, where the panel is still there."""
        from tui.screens.optimising import OptimisePanel

        if isinstance(screen := self.app.screen, OptimisePanel):
            screen.take(news)

    def _steps_taken(self, taken: m.StepsTaken) -> None:
        if taken.code:
            self.console.remember(taken.code)
        if taken.problem is not None:
            self.console.show_error(taken.problem)
        if taken.count:
            self.log_to_console(taken.text)
        self._report_changed(m.Executed(changed=taken.changed, lasting=taken.lasting))
        self.look_anew()

    # -- snapshots
    def action_snapshots(self) -> None:
        """Show the snapshots that there are, to take another one or to go back to one."""
        if self.summary is not None and self._has_code():
            self.when_over("K", lambda: self._show_snapshots(hold_input(self.app)))

    @work(exclusive=True, group="snapshots", exit_on_error=False)
    async def _show_snapshots(self, release: Callable[[], None]) -> None:
        from tui.screens.snapshots import SnapshotPanel

        try:
            found = await self.link.ask(m.ListSnapshots(), m.Snapshots)
            self.app.push_screen(SnapshotPanel(self.link.ask, found), self._snapshot_chosen)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
        finally:
            release()

    def _snapshot_chosen(self, chosen: m.UseSnapshot | m.TakeSnapshot | None) -> None:
        if chosen is not None:
            self._run(self._use_snapshot(chosen))

    async def _use_snapshot(self, chosen: m.UseSnapshot | m.TakeSnapshot) -> None:
        done = await self.link.ask(chosen, m.Done)
        self.log_to_console(done.text)
        self.status_message(done.text)
        self.observe("kept" if isinstance(chosen, m.TakeSnapshot) else "restored", chosen.name)
