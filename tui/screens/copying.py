"""Copying paths, and opening the class in the user's editor."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from textual import work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.editor import edit, editor_command, unfit
from tui.ending import ENDING
from tui.input_order import hold_input
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.text import clean
from tui.widgets.source_view import SourceView
from tui.widgets.tensor_table import TensorTable

OF_GROUP = {
    "Pattern": "the pattern of all its tensors, for stats and diff --match; Y has their keys",
    "Keys of its tensors": "the keys of its tensors",
}
"""What was copied of a row that stands for several siblings, by the label of the form."""


class Copying(ExplorerBase):
    """Part of the explorer."""

    @property
    def pointed(self) -> str:
        """The path of the row that the cursor is on in a table of tensors, else of what is selected in the tree."""
        if isinstance(self.focused, TensorTable) and self.focused.row is not None:
            return self.focused.row.path
        return self.path

    @property
    def _name_of_all(self) -> str:
        """What the console calls everything that is open."""
        return "state" if self.summary is not None and self.summary.kind == "checkpoint" else "net"

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def action_copy_path(self) -> None:
        from tui.clipboard import UNSEEN, copy, unseen

        if self.summary is None:
            self.notify("Nothing is open, so there is no path.", timeout=3, markup=False)
            return
        path, note = self.pointed, ""
        group = self.row is not None and self.row.kind == "group" and path == self.row.path
        # The root's state-dict key is the empty string; its name in the console is what is wanted.
        text = path or self._name_of_all
        # Where names clash a row's path in a checkpoint is not the key itself, and that of a group is nobody's key.
        if path and (group or self.summary.kind == "checkpoint"):
            with suppress(EngineProblem, EngineGone):
                forms = (await self.link.ask(m.PathForms(path=path), m.Forms)).forms
                text = forms[0].text if forms else text
                note = OF_GROUP.get(forms[0].label, "") if group and forms else ""
        await copy(self.app, text, note=note or (UNSEEN if not group and unseen(text) else ""))

    def action_copy_forms(self) -> None:
        if self.summary is not None:
            self._copy_forms(hold_input(self.app))

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def _copy_forms(self, release: Callable[[], None]) -> None:
        try:
            await self._show_forms(self.pointed)
        finally:
            release()

    async def _show_forms(self, path: str) -> None:
        from tui.screens.copy_forms import CopyForms

        try:
            forms = await self.link.ask(m.PathForms(path=path), m.Forms)
        except EngineProblem as error:
            self.tell(error)
            return
        except EngineGone:
            forms = m.Forms(path=path, forms=[m.PathForm(label="state-dict key", text=path or self._name_of_all)])
        self.app.push_screen(CopyForms(forms))

    @work(exclusive=True, group="edit", exit_on_error=False)
    async def action_edit_source(self) -> None:
        """Open the class of what is selected in $VISUAL or $EDITOR, at `forward`."""
        if self.summary is None:
            return
        try:
            source = await self.link.ask(m.SourceCode(path=self.path), m.SourceText)
        except (EngineProblem, EngineGone) as error:
            self.tell(error)
            return
        if source.file is None:
            self.notify(source.reason or "This class has no file.", title="Nothing to edit", markup=False)
            return
        if reason := unfit(source.file):
            self.notify(f"{reason} {clean(source.file, NOTICE)}", title="Nothing to edit", markup=False)
            return
        try:
            command = editor_command(source.file, source.forward_line or source.first_line)
        except ValueError as error:
            self.notify(f"VISUAL or EDITOR cannot be read: {error}", title="No editor found", markup=False)
            return
        if command is None:
            told = f"Set EDITOR to your editor's command. The file is {clean(source.file, NOTICE)}"
            self.notify(told, title="No editor found", markup=False)
            return
        try:
            with ENDING.lending(), self.app.suspend():
                status = edit(command)  # the editor has the terminal: nothing else may go on
        except (OSError, ValueError) as error:  # a zero byte in its name
            cause = (error.strerror if isinstance(error, OSError) else None) or error
            self.notify(clean(f"{command[0]}: {cause}", NOTICE), title="The editor did not start", markup=False)
            return
        self.refresh(layout=True)
        if status:
            self.notify(clean(f"{command[0]} ended with status {status}", NOTICE), markup=False)
        self.query_one(SourceView).show(self.path)
