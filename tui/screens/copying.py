"""Copying paths, and opening the class in the user's editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath

from textual import work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.editor import edit, editor_command, unfit
from tui.ending import ENDING
from tui.input_order import hold_input
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.text import clean
from tui.widgets.parts.source_view import SourceView
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.table_text import TextFormat, table_text
from tui.widgets.table.tensor_table import TensorListing, TensorTable

NAMES: dict[TextFormat, str] = {"csv": "CSV", "md": "Markdown"}
PREVIEW = 20
"""Rows of a table that are shown before it is copied."""
PAGE = 500
"""Rows that are asked for at once."""
ROW_LIMIT = 100_000
"""Rows of a table that are copied or saved."""

OF_GROUP = {
    "Pattern": "the pattern of all its tensors, for stats and diff --match; Y has their keys",
    "Keys of its tensors": "the keys of its tensors",
}
"""What was copied of a row that stands for several siblings, by the label of the form."""


def save_anew(name: str, ending: str, text: str) -> Path:
    """Write a text to a new file in the current folder and return its path; what is there already stays.

    Raises:
        OSError: it cannot be written, or there are very many of the name.
    """
    for number in range(1, 1000):
        path = Path.cwd() / f"{name}{'' if number == 1 else f'-{number}'}.{ending}"
        with suppress(FileExistsError):
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
            return path
    raise FileExistsError(f"there are very many files called {name}")


class Copying(ExplorerBase):
    """What the explorer does to copy paths and to edit."""

    @property
    def pointed(self) -> str:
        """Return the path of the row under the cursor in a table with the focus, of a call that of its module.

        Elsewhere that of what is selected in the tree.
        """
        if isinstance(self.focused, CallTable) and self.focused.row is not None:
            return self.focused.row.module
        if isinstance(self.focused, TensorTable) and self.focused.row is not None:
            return self.focused.row.path
        return self.path

    @property
    def _name_of_all(self) -> str:
        """What the console calls everything that is open."""
        return "state" if self.summary is not None and self.summary.kind == "checkpoint" else "net"

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def action_copy_path(self) -> None:
        """Copy the path of what is pointed at; of a row that stands for several, what names them all."""
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
        """Show the forms in which the path can be copied."""
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
            self.notify_error(error)
            return
        except EngineGone:
            forms = m.Forms(path=path, forms=[m.PathForm(label="state-dict key", text=path or self._name_of_all)])
        if not forms.forms:  # the root of a checkpoint has no key
            forms = m.Forms(path=path, forms=[m.PathForm(label="In the console", text=self._name_of_all)])
        table = self.focused if isinstance(self.focused, TensorTable) and self.focused.count else None
        if table is None:
            self.app.push_screen(CopyForms(forms))
            return
        tables = {
            f"{verb} {name}": partial(self._take_table, table.listing, kind, save)
            for verb, save in (("Table as", False), ("Save the table as", True))
            for kind, name in NAMES.items()
        }
        first = [row for index in range(PREVIEW) if (row := table.pages.peek(index)) is not None]
        shown = [m.PathForm(label=label, text=table_text(first, choice.args[1])) for label, choice in tables.items()]
        self.app.push_screen(CopyForms(m.Forms(path=forms.path, forms=[*forms.forms, *shown]), tables))

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def _take_table(self, listing: TensorListing, kind: TextFormat, save: bool) -> None:
        """Copy all rows of a table of tensors, in its order and through its filter, or save them in a new file here."""
        from tui.clipboard import copy

        rows: list[m.TensorRow] = []
        total = 1
        try:
            while len(rows) < min(total, ROW_LIMIT):
                page = await self.link.ask(listing.request(len(rows), PAGE), m.TensorPage)
                total = page.total
                rows += page.rows
                if not page.rows:
                    break
                self.status_message(f"table: {len(rows):,} of {total:,} rows")
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
            return
        text = table_text(rows, kind)
        note = f"{len(rows):,} rows" if len(rows) >= total else f"only the first {len(rows):,} of {total:,} rows"
        self.status_message(f"table: {note}")
        if not save:
            await copy(self.app, text, note=note)
            return
        try:
            path = save_anew(self._name_of_file, kind, text)
        except OSError as error:
            self.notify(clean(error.strerror or str(error), NOTICE), title="The table is not saved", markup=False)
            return
        self.notify(clean(str(path), NOTICE), title=f"Saved {note}", timeout=8, markup=False)

    @property
    def _name_of_file(self) -> str:
        """What a file with the table is called, without its ending."""
        name = re.sub(r"[^\w.-]+", "_", self.summary.name if self.summary is not None else "")
        return f"{name.strip('._-')[:80] or 'model'}-tensors"

    @work(exclusive=True, group="edit", exit_on_error=False)
    async def action_edit_source(self) -> None:
        """Open the user's line that makes what is selected in $VISUAL or $EDITOR; from Source its class."""
        if self.summary is None:
            return
        try:
            place = self.path if self.call is None else self.call
            source = await self.link.ask(m.SourceCode(path=place), m.SourceText)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
            return
        file, line = source.file, source.call_line or source.forward_line or source.first_line
        here = self.query_one(SourceView)
        if source.made_file is not None and not here.has_focus and self.call is None:
            file, line = source.made_file, source.made_line
            self.status_message(f"{PurePath(clean(file)).name}:{line} makes it; e in Source opens its class")
        if file is None:
            self.notify(source.reason or "This class has no file.", title="Nothing to edit", markup=False)
            return
        if reason := unfit(file):
            self.notify(f"{reason} {clean(file, NOTICE)}", title="Nothing to edit", markup=False)
            return
        try:
            command = editor_command(file, line)
        except ValueError as error:
            self.notify(f"VISUAL or EDITOR cannot be read: {error}", title="No editor found", markup=False)
            return
        if command is None:
            remedy = f"Set EDITOR to your editor's command. The file is {clean(file, NOTICE)}"
            self.notify(remedy, title="No editor found", markup=False)
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
        self.query_one(SourceView).show(place)
