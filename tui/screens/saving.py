"""Saving what is open to a new file."""

from __future__ import annotations

from pathlib import PurePath

from models import messages as m
from tui.screens.explorer_base import NOTICE
from tui.screens.running import Running
from tui.text import clean


class Saving(Running):
    """What the explorer does to save tensors."""

    def action_save(self) -> None:
        """Show the form for a new file."""
        from tui.screens.save_form import SaveForm

        if self.summary is None:
            return
        if self.running or self.pending:
            self.status_message("something runs: it can be saved when that is over")
            return
        place = ", on the engine's machine" if self.options.engine is not None else ""
        self.app.push_screen(SaveForm(self.link.ask, self.summary.name, place), self._saved)

    def _saved(self, saved: m.Saved | None) -> None:
        if saved is None:
            return
        self.log_to_console("\n".join([saved.text, *saved.notes]))
        self.observe("saved", PurePath(saved.out).name)
        self.notify(clean(saved.out, NOTICE), title="Saved", timeout=8, markup=False)
