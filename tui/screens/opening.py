"""Opening: the first source, the catalogue, another source, the same one again after a restart."""

from __future__ import annotations

from rich.cells import cell_len
from textual import work

from models.engine import messages as m
from models.engine.errors import EngineGone, EngineProblem
from tui.screens.explorer_base import ExplorerBase
from tui.widgets.gradients_pane import GradientsPane
from tui.widgets.key_line import KeyLine
from tui.widgets.prompt import OF_CHECKPOINT, OF_NETWORK, Prompt
from tui.widgets.values_pane import ValuesPane

MOST_WARNINGS = 4
"""That the console tells."""
OF_CODE = frozenset(("forward", "backward"))
"""Actions that tensors without code have no use for."""
QUIET_ROWS = 8
"""Rows of the console that a remark on the network leaves to the rest."""


class Opening(ExplorerBase):
    """Part of the explorer."""

    wanted: str | None = None
    """The source that was to be opened last, whatever came of it."""

    def begin(self) -> None:
        """Start the engine, and open what the command line named, or the catalogue."""
        if self.options.source is None:
            self.action_catalogue()
        else:
            self.status.source = self.options.source
        self._start(self.options.source)

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _start(self, source: str | None, again: m.OpenSource | None = None) -> None:
        status = self.status
        status.gone = False
        status.state = "starting the engine"
        try:
            await self.link.start()
        except EngineGone as gone:
            self.settled_opening.set()
            self.engine_lost(gone)
            return
        status.state = ""
        self.engine_started()
        if again is not None:
            await self._open(again)
        elif source is not None:
            await self._open(self.request_for(source))

    def request_for(self, source: str) -> m.OpenSource:
        """The request that opens `source`; the inputs of the command line belong to the source that it named."""
        named = source == self.options.source
        return m.OpenSource(
            source=source,
            inputs=self.options.inputs if named else [],
            inputs_from=self.options.inputs_from if named else None,
            seed=self.options.seed,
            device=self.options.device,
            trust=self.options.trust and named,
            unfold_to=max(self.module_tree.size.height, 10),
        )

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def open(self, source: str) -> None:
        """Open `source`, which was chosen in the catalogue, in place of what is open."""
        await self._open(self.request_for(source), chosen=True)

    async def _open(self, request: m.OpenSource, chosen: bool = False) -> None:
        self.settled_opening.clear()
        try:
            await self._ask_to_open(request, chosen)
        finally:
            self.settled_opening.set()

    async def _ask_to_open(self, request: m.OpenSource, chosen: bool) -> None:
        status = self.status
        status.source = self.wanted = request.source
        status.state = f"opening {request.source}"
        path = self.path if request.unfolded else ""

        def progress(step: m.Progress) -> None:
            status.state = step.text

        try:
            opened = await self.link.ask(request, m.Opened, progress)
        except EngineProblem as error:
            status.state = "not open: R tries again" if request.unfolded else ""
            status.source = self.options.source or ""
            instead = chosen or self.summary is None
            if instead:
                self.action_catalogue(request.source)
            self.show_problem(error.problem, again=not instead)
            return
        except EngineGone:
            return  # told by engine_ended
        status.state = ""
        if not request.unfolded:
            self.query_one(ValuesPane).reset()
        self.show_opened(opened.summary, path)
        if request.unfolded:
            same = self.options.attached and request.source == self.options.source
            files = opened.summary.kind == "checkpoint"
            how = (
                "the same object, as it is now" if same else "as its files are now" if files else "as it was built anew"
            )
            self.console.note(f"{opened.summary.source} is open again, {how}")
        else:
            self._introduce(opened.summary)

    def show_opened(self, summary: m.Summary, path: str) -> None:
        """Show a model that was just opened, `path` selected."""
        self.summary = self.status.summary = summary
        has_code = summary.kind != "checkpoint"
        self.query_one(KeyLine).leave_out(frozenset() if has_code else OF_CODE)
        self.query_one(GradientsPane).has_code = has_code
        self.path, self.row = path, None
        self.forget_runs()
        self.module_tree.open()
        if path:
            self.go_to(path)
        if self.app.screen is self:
            self.module_tree.focus()

    def _introduce(self, summary: m.Summary) -> None:
        """Say in the console what was opened, and what one can try with it."""
        console = self.console
        self.query_one(Prompt).placeholder = OF_CHECKPOINT if summary.kind == "checkpoint" else OF_NETWORK
        if summary.kind == "checkpoint":
            self._introduce_checkpoint(summary)
            return
        names = ["net"] + ([summary.name] if summary.name.isidentifier() and summary.name != "net" else [])
        console.note(f"{summary.source}: {summary.class_name}, in the console as {' and '.join(names)}")
        if summary.note and len(summary.note) <= console.size.width * (console.size.height - QUIET_ROWS):
            console.note(summary.note)
        if summary.input:
            console.note(f"X = {summary.input}" + (", a guess from the first layers" if summary.guessed else ""))
        else:
            console.note("no input is known: set X here, or start with --input 2x20")
        if summary.tries:
            console.note(tries_line(summary.tries, console.size.width - 4))
        self._warn_and_welcome(summary, "f runs the network, ")

    def _introduce_checkpoint(self, summary: m.Summary) -> None:
        console = self.console
        console.note(f"{summary.source}: {summary.class_name}; state['name'] reads a tensor into the console")
        if summary.note:
            console.note(summary.note)
        self._warn_and_welcome(summary, "3 tells what the file says, ")

    def _warn_and_welcome(self, summary: m.Summary, key: str) -> None:
        for warning in summary.warnings[:MOST_WARNINGS]:
            self.console.note(f"warning: {warning}")
        if len(summary.warnings) > MOST_WARNINGS:
            self.console.note(f"and {len(summary.warnings) - MOST_WARNINGS:,} more warnings: 3 (Info) shows them")
        if not self.settings.welcomed:
            self.settings.welcomed = True
            self.console.note(f"Arrows walk the tree, Tab changes the pane, {key}? shows every key.")

    def action_catalogue(self, typed: str = "") -> None:
        """Show the catalogue, `typed` in its line; what is chosen there is opened."""
        from tui.screens.catalogue import Catalogue

        if isinstance(self.app.screen, Catalogue):
            return
        self.app.push_screen(Catalogue(self.link, self.summary is not None, typed), self._chosen)

    def _chosen(self, source: str | None) -> None:
        if source:
            self.open(source)

    def restart(self) -> None:
        """A new engine; what was open is opened again, with the same folds and selection."""
        self.forget_run()
        if self.summary is None:
            self._start(self.wanted or self.options.source)
            return
        request = self.request_for(self.summary.source)
        folds = self.module_tree.folds()
        self._start(
            None,
            m.OpenSource(
                source=request.source,
                inputs=request.inputs,
                inputs_from=request.inputs_from,
                seed=request.seed,
                device=request.device,
                trust=request.trust,
                unfolded=folds,
                unfold_to=0 if folds else request.unfold_to,
            ),
        )


def tries_line(tries: list[str], width: int) -> str:
    """As many of the statements worth trying as fit into one line, at least one."""
    line = f"try  {tries[0]}"
    for statement in tries[1:]:
        if cell_len(line) + 3 + cell_len(statement) > width:
            break
        line += f"   {statement}"
    return line
