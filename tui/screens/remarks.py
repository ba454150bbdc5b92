"""What is remarkable about what is open: asked for after opening and after each run, shown, counted and gone to."""

from __future__ import annotations

from textual import on, work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.screens.explorer_base import ExplorerBase
from tui.tabs import tab_of
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.findings import Findings, counts_text


class Remarks(ExplorerBase):
    """What the explorer does for the tab of findings."""

    def look_anew(self, opened: bool = False) -> None:
        """Have the engine look for what is remarkable; `opened`: nothing of what was known holds any more."""
        if opened:
            self._show_found(None)
        self._read_findings()

    @work(group="findings", exclusive=True, exit_on_error=False)
    async def _read_findings(self) -> None:
        """Ask for the findings; what asks again meanwhile takes its place."""
        try:
            found = await self.link.ask(m.ReadFindings(), m.FoundFindings, self._look_progressed)
        except (EngineProblem, EngineGone):
            return
        finally:
            self.status.looking = ""
        self._show_found(found)
        if self.module_tree.shows_initial:  # which knows as much of the values as was read for it
            self.module_tree.reload()

    def _look_progressed(self, progress: m.Progress) -> None:
        share = "" if progress.done is None else f" {progress.done:.0%}"
        self.status.looking = f"{progress.text}{share}"

    def _show_found(self, found: m.FoundFindings | None) -> None:
        self.query_one(Findings).show(found)
        findings = [] if found is None else found.findings
        self.show_count("findings", len(findings) or None)
        self.status.found = f"{tab_of('findings').key}: {counts_text(findings)}" if findings else ""

    @on(Findings.Chosen)
    def _to_finding(self, message: Findings.Chosen) -> None:
        """Select the call of a finding, or where it has none its module or tensor in the tree."""
        finding = message.finding
        if finding.call is not None and message.run is not None and message.run == self.query_one(CallTable).run:
            self.note_step()
            self.show_tab("calls")
            self.select_call(m.CallTensor(run=message.run, call=finding.call))
        elif finding.path is None:
            self.status_message("it is about all that is open")
        else:
            self.note_step()
            self.set_focus(self.module_tree)
            self.go_to(finding.path)
