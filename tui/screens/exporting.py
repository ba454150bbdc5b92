"""Writing the last run or the session to a file: chosen in a panel, written beside what is there, never over it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual import work

from models import messages as m
from models.messages import ExportForm
from models.messages.errors import EngineGone, EngineProblem
from tui.screens.copying import save_anew
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.text import clean

CHOICES: tuple[tuple[str, ExportForm, bool, str], ...] = (
    (
        "Copy a report, Markdown",
        "markdown",
        True,
        "The last run, for an issue\nWhat failed and why, or the findings, then the calls.",
    ),
    ("Report, Markdown", "markdown", False, "The same as a file"),
    (
        "Dataflow, Mermaid",
        "mermaid",
        False,
        "Who reads whose results\nWithin {}; GitHub draws it in a mermaid block.",
    ),
    ("Dataflow, DOT", "dot", False, "The same for Graphviz\nWho reads whose results within {}: dot -Tsvg."),
    (
        "Times, Chrome trace",
        "chrome",
        False,
        "The calls on a time line\nFor https://ui.perfetto.dev.",
    ),
    (
        "Session, Python",
        "session",
        False,
        "What was run here, as a script\nIt does again what was done since this was opened.",
    ),
)
"""What can be chosen: label, form, whether it is copied, and what it is, in a line that an 80 column terminal has room
for and lines below it; `{}` is the selected module."""


class Exporting(ExplorerBase):
    """What the explorer does to write a run or the session to a file."""

    def action_export(self) -> None:
        """Offer the forms in which the last run and the session can be written."""
        from tui.screens.copy_forms import CopyForms

        if self.summary is None:
            self.notify("Nothing is open, so there is no run.", timeout=3, markup=False)
            return
        path = self._module
        where = f"Files are written to {Path.cwd()}, beside what is there."
        forms = [
            m.PathForm(label=label, text=f"{about.format(path or 'the network')}" + ("" if is_copied else f"\n{where}"))
            for label, _, is_copied, about in CHOICES
        ]
        chosen = {label: partial(self._export, form, path, is_copied) for label, form, is_copied, _ in CHOICES}
        self.app.push_screen(CopyForms(m.Forms(path=path, forms=forms), chosen, title="Write the run or the session"))

    @property
    def _module(self) -> str:
        """Return the path of the selected module, of a tensor that of its holder."""
        row = self.row
        if row is None or row.kind == "module":
            return self.path
        return self.path.rpartition(".")[0]

    @work(exclusive=True, group="export", exit_on_error=False)
    async def _export(self, form: ExportForm, path: str, is_copied: bool) -> None:
        from tui.clipboard import copy

        try:
            made = await self.link.ask(m.Export(form=form, path=path), m.Exported)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
            return
        if is_copied:
            await copy(self.app, made.text, note="the report of the last run, in Markdown")
            return
        try:
            file = save_anew(_safe(made.name), _safe(made.ending), made.text)
        except OSError as error:
            self.notify(clean(error.strerror or str(error), NOTICE), title="Nothing is written", markup=False)
            return
        self.log_to_console(f"wrote {file}")
        self.notify(clean(str(file), NOTICE), title="Written", timeout=8, markup=False)


def _safe(name: str) -> str:
    """Return a part of a file's name that cannot lead anywhere else: the engine may be anybody's."""
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name)
    return kept.strip("._-")[:120] or "run"
