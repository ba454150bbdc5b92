"""Changing the network by keys: elements, what is frozen, train and eval; each a statement that the console shows."""

from __future__ import annotations

from typing import Literal

from textual import on

from models import messages as m
from tui.screens.requires_code import RequiresCode
from tui.widgets.grid.value_grid import ValueGrid


class Editing(RequiresCode):
    """What the explorer does to change the network by keys."""

    @on(ValueGrid.EditWanted)
    def _edit_wanted(self, message: ValueGrid.EditWanted) -> None:
        from tui.screens.edit_form import EditForm

        message.stop()
        if not self._may_change():
            return
        form = EditForm(self.link.ask, message.path, message.index, message.shape, message.present)
        self.app.push_screen(form, self._planned)

    def _planned(self, plan: m.EditPlan | None) -> None:
        if plan is not None:
            self._run(self._do(plan))

    def action_freeze(self) -> None:
        """Freeze what is selected and all below, or unfreeze it where nothing there requires a gradient."""
        self._change("freeze")

    def action_mode(self) -> None:
        """Set the selected module and all below to eval, or to train where it is in eval."""
        self._change("mode")

    def _change(self, kind: Literal["freeze", "mode"]) -> None:
        if self._may_change():
            self._run(self._plan_and_do(kind, self.path))

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

    async def _do(self, plan: m.EditPlan) -> None:
        """Run a statement as if it had been typed."""
        self.console.remember(plan.statement)
        if await self._execute(plan.statement, plan.about):
            did = f"changed {plan.note}" if plan.about else plan.note
            self.status_message(f"{did} (u takes it back)")
