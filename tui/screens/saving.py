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
        if self.summary is not None:
            self.when_over("Ctrl+S", self._show_save_form)

    def _show_save_form(self) -> None:
        from tui.screens.save_form import SaveForm

        assert self.summary is not None
        place = ", on the engine's machine" if self.options.engine is not None else ""
        self.app.push_screen(SaveForm(self.link.ask, self.summary.name, place), self._saved)

    def _saved(self, saved: m.Saved | None) -> None:
        if saved is None:
            return
        self.log_to_console("\n".join([saved.text, *saved.notes]))
        self.observe("saved", PurePath(saved.out).name)
        self.notify(clean(saved.out, NOTICE), title="Saved", timeout=8, markup=False)
