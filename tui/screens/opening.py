"""Opening: the first source, the catalogue, another source, the same one again after a restart."""

from __future__ import annotations

from rich.cells import cell_len
from textual import work
from textual.message import Message

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.first_opening import FirstOpening, opening_request
from tui.screens.explorer_base import ExplorerBase
from tui.widgets.gradients_pane import GradientsPane
from tui.widgets.key_line import KeyLine
from tui.widgets.prompt import OF_CHECKPOINT, OF_NETWORK, OF_NOTHING, Prompt
from tui.widgets.values_pane import ValuesPane

MOST_WARNINGS = 4
"""That the console tells."""
OF_CODE = frozenset(("forward", "backward"))
"""Actions that tensors without code have no use for."""
QUIET_ROWS = 8
"""Rows of the console that a remark on the network leaves to the rest."""


class Opening(ExplorerBase):
    """Part of the explorer."""

    class Begun(Message):
        """The explorer takes in what the engine tells, and keys."""

    wanted: str | None = None
    """The source that was to be opened last, whatever came of it."""
    held = False
    """Whether the present engine has something open: after a restart it may not, whatever the screen still shows."""

    def begin(self) -> None:
        """Start the engine, and open what the command line named, or the catalogue."""
        self.post_message(self.Begun())
        self._suggest(None)
        if self.options.source is None:
            self.action_catalogue()
        else:
            self.status.source = self.options.source
        self._start(self.options.source)

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _start(self, source: str | None, again: m.OpenSource | None = None) -> None:
        first, self.first = self.first, None
        status = self.status
        status.gone = status.gone and first is not None
        if first is None or first.shown is None:
            status.state = "starting the engine"
        try:
            await (self.link.start() if first is None else first.started())
        except EngineGone as gone:
            self.settled_opening.set()
            self.engine_lost(gone)
            return
        if first is not None and not self.link.alive:  # it ended meanwhile, as is told
            self.settled_opening.set()
            return
        status.state = ""
        self.held = self.held and self.options.attached  # which is the same engine again
        self.engine_started()
        if again is not None:
            await self._open(again)
        elif source is not None:
            await self._open(self.request_for(source) if first is None else first.request, first=first)

    async def taken_over(self) -> None:
        """Wait until what was being opened is open, or is not, and the tree shows it."""
        await self.settled_opening.wait()
        await self.module_tree.settled()

    def request_for(self, source: str) -> m.OpenSource:
        """The request that opens `source` as far as it fits."""
        return opening_request(self.options, source, self.module_tree.size.height)

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def open(self, source: str) -> None:
        """Open `source`, which was chosen in the catalogue, in place of what is open."""
        await self._open(self.request_for(source), chosen=True)

    async def _open(self, request: m.OpenSource, chosen: bool = False, first: FirstOpening | None = None) -> None:
        self.settled_opening.clear()
        self._suggest(None)
        try:
            await self._ask_to_open(request, chosen, first)
        finally:
            self.step = ""
            self.settled_opening.set()
            self._suggest(self.summary if self.held else None)

    def _suggest(self, summary: m.Summary | None) -> None:
        """Offer keys and statements that make sense for what is open; for nothing, none that needs a network."""
        has_code = summary is not None and summary.kind != "checkpoint"
        self.query_one(KeyLine).leave_out(frozenset() if has_code else OF_CODE)
        of_open = OF_NETWORK if has_code else OF_CHECKPOINT
        self.query_one(Prompt).placeholder = of_open if summary is not None else OF_NOTHING

    async def _ask_to_open(self, request: m.OpenSource, chosen: bool, first: FirstOpening | None) -> None:
        status = self.status
        status.source = self.wanted = request.source
        if first is None or first.shown is None:
            status.state = f"opening {request.source}"
        again = bool(request.unfolded)
        path = self.path if again else ""

        def progress(step: m.Progress) -> None:
            self.step = status.state = step.text

        try:
            asked = self.link.ask(request, m.Opened, progress) if first is None else first.opened(progress)
            opened = await asked
        except EngineProblem as error:
            status.state = "" if self.held or self.summary is None else "not open: R tries again"
            status.source = self.options.source or ""
            if error.problem.kind == "interrupted":  # by the user, who needs no box to close
                status.state = "" if self.held else "not open: R tries again"
                self.say(f"opening {request.source} was interrupted")
                return
            instead = chosen or self.summary is None
            if instead:
                self.action_catalogue(request.source)
            self.show_problem(error.problem, again=not instead)
            return
        except EngineGone:
            return  # told by engine_ended
        status.state = ""
        self.held = True
        if again:
            self.query_one(ValuesPane).table.stop_statistics()  # they were those of the model before
        else:
            self.query_one(ValuesPane).reset()
        self.show_opened(opened.summary, path)
        if again:
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
        self.query_one(GradientsPane).has_code = summary.kind != "checkpoint"
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
