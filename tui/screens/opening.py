"""Opening: the first source, the catalogue, another source, the same one again after a restart."""

from __future__ import annotations

from textual import work

from models.engine import messages as m
from models.engine.errors import EngineGone, EngineProblem
from tui.screens.explorer_base import ExplorerBase


class Opening(ExplorerBase):
    """Part of the explorer."""

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
            unfold_to=max(self.module_tree.size.height, 10),
        )

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def open(self, source: str) -> None:
        """Open `source` in place of what is open."""
        await self._open(self.request_for(source))

    async def _open(self, request: m.OpenSource) -> None:
        status = self.status
        status.source = request.source
        status.state = f"opening {request.source}"
        path = self.path if request.unfolded else ""

        def progress(step: m.Progress) -> None:
            status.state = step.text

        try:
            opened = await self.link.ask(request, m.Opened, progress)
        except EngineProblem as error:
            status.state = ""
            self.show_problem(error.problem)
            return
        except EngineGone:
            return  # told by engine_ended
        status.state = ""
        self.show_opened(opened.summary, path)

    def show_opened(self, summary: m.Summary, path: str) -> None:
        """Show a model that was just opened, `path` selected."""
        self.summary = self.status.summary = summary
        self.path, self.row = path, None
        self.forget_runs()
        self.module_tree.open()
        if path:
            self.go_to(path)
        if self.app.screen is self:
            self.module_tree.focus()
        console = self.console
        names = ["net"] + ([summary.name] if summary.name.isidentifier() and summary.name != "net" else [])
        console.note(f"{summary.source}: {summary.class_name}, in the console as {' and '.join(names)}")
        if summary.note:
            console.note(summary.note)
        if summary.input:
            console.note(f"X = {summary.input}" + (", a guess from the first layers" if summary.guessed else ""))
        else:
            console.note("no input is known: set X here, or start with --input 2x20")
        if summary.tries:
            console.note("try  " + "   ".join(summary.tries[:4]))
        for warning in summary.warnings:
            console.note(f"warning: {warning}")
        if not self.settings.welcomed:
            self.settings.welcomed = True
            self.notify(
                "Arrows walk the tree, Tab changes the pane, f runs the network, y copies the path, ? shows every key.",
                title="Welcome to modulescope",
                timeout=12,
                markup=False,
            )

    def action_catalogue(self) -> None:
        """Show the catalogue; what is chosen there is opened."""
        from tui.screens.catalogue import Catalogue

        if isinstance(self.app.screen, Catalogue):
            return
        self.app.push_screen(Catalogue(self.link, self.summary is not None), self._chosen)

    def _chosen(self, source: str | None) -> None:
        if source:
            self.open(source)

    def restart(self) -> None:
        """A new engine; what was open is opened again, with the same folds and selection."""
        self.forget_run()
        if self.summary is None:
            self._start(self.options.source)
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
                unfolded=folds,
                unfold_to=0 if folds else request.unfold_to,
            ),
        )
