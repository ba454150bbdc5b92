"""Initialising parameters: the lab over the screen, and what the console keeps of what was done."""

from __future__ import annotations

from collections.abc import Callable

from textual import work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.input_order import hold_input
from tui.screens.requires_code import RequiresCode


class Initialising(RequiresCode):
    """What the explorer does to initialise parameters anew."""

    def action_initialise(self) -> None:
        """Show the initialisation lab for what is selected."""
        if self.summary is not None and self._has_code():
            self.when_over("P", lambda: self._show_lab(hold_input(self.app)))

    @work(exclusive=True, group="initialise", exit_on_error=False)
    async def _show_lab(self, release: Callable[[], None]) -> None:
        from tui.screens.initialisation_lab import InitialisationLab

        try:
            offers = await self.link.ask(m.ReadInitialisers(path=self.path), m.Initialisers)
            if not (offers.rules and offers.scopes):
                return
            self.app.push_screen(InitialisationLab(self.link.ask, offers), self._initialised)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
        finally:
            release()

    def _initialised(self, done: m.Initialised | None) -> None:
        if done is None:
            return
        self.log_to_console(f"{done.text}\n{done.code}")
        self._report_changed(done)
        is_undoable = bool(done.changed) and not done.lasting
        self.status_message(f"{done.text}: u takes it back" if is_undoable else done.text)
        self.look_anew()
