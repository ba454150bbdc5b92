"""Opening again what is open, in the engine that runs and has torch loaded, or in a new one; and when its files change.

The engine says which files changed when it is asked, every moment: it looks at their times, and nowhere else.
"""

from __future__ import annotations

from pathlib import PurePath

from textual import work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.screens.opening import Opening
from tui.screens.running import Running
from tui.text import clean
from tui.widgets.parts.status_line import StatusLine

LARGE = 2**30
"""Bytes of a network from which on the old one is freed, with its engine, before the new one is built."""
INTERVAL = 1.5
"""Seconds between two looks at the files."""
NAMED = 3
"""Changed files that are named."""


class Reopening(Opening, Running):
    """What the explorer does to open again what is open, by itself where a user wants that."""

    def watch_files(self) -> None:
        """Begin to look whether the files of what is open change."""
        if not self.options.attached:
            self.set_interval(INTERVAL, self._look)

    # -- again
    def restart(self) -> None:
        """Open again what was open, with the same folds and selection: in the same engine where that does the same."""
        if self.summary is None:
            self.forget_run()
            self._start(self.wanted or self.options.source)
        elif self._engine_serves(self.summary):
            self._open_again(self._again(self.summary, anew=True), self._opening_begins())
        else:
            self.new_engine()

    def new_engine(self) -> None:
        """Start a new engine, and open in it what was open."""
        self.forget_run()
        if self.summary is None:
            self._start(self.wanted or self.options.source)
            return
        if self.named and not self.options.attached:
            self.log_to_console("a new engine: the names that were made in the console are gone, and the snapshots")
        self._start(None, self._again(self.summary, anew=False))

    def _engine_serves(self, summary: m.Summary) -> bool:
        """Whether the present engine can open it anew: it waits for work, and has room for the old and the new one."""
        idle = not self.running and not self.pending and not self.status.gone
        fits = summary.kind == "checkpoint" or summary.bytes <= LARGE
        return self.link.alive and self.held and idle and fits and not self.options.attached

    def _again(self, summary: m.Summary, anew: bool) -> m.OpenSource:
        request = self.request_for(summary.source)
        folds = self.module_tree.folds()
        return m.OpenSource(
            source=request.source,
            inputs=self.input_specs or request.inputs,
            inputs_from=None if self.input_specs else request.inputs_from,
            seed=request.seed,
            device=request.device,
            trust=request.trust,
            weights=request.weights,
            unfolded=folds,
            unfold_to=0 if folds else request.unfold_to,
            anew=anew,
            language=request.language,
            mode=request.mode if self.run_mode is None else self.run_mode,
        )

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _open_again(self, request: m.OpenSource, turn: int) -> None:
        try:
            await self._open(request)
        finally:
            await self._opening_ends(turn)

    # -- files that change
    def action_reopen_on_save(self) -> None:
        """Open what is open anew at each save of its files, or no more."""
        on = self.settings.reopen_on_save = not self.settings.reopen_on_save
        if on:
            self.files_taken = 0  # a save that was only reported is opened too
        self.status_message("opens anew at each save of its files" if on else "a save is shown, and R opens anew")

    def _look(self) -> None:
        looks = self.link.alive and self.held and not self.running and not self.pending
        if looks and self.settled_opening.is_set():
            self._ask_for_changes()

    @work(exclusive=True, group="watch", exit_on_error=False)
    async def _ask_for_changes(self) -> None:
        try:
            found = await self.link.ask(m.ChangedFiles(), m.FilesChanged)
        except (EngineProblem, EngineGone):
            return  # it is asked again in a moment
        if not self.settled_opening.is_set():
            return
        self.query_one(StatusLine).stale = changed_words(found.files)
        if not found.files or not found.settled or found.version == self.files_taken:
            return
        self.files_taken = found.version
        if self.settings.reopen_on_save:
            self.by_itself = True
            self.restart()
        else:
            self.log_to_console(f"{changed_words(found.files)}: R opens it anew")


def changed_words(files: list[str]) -> str:
    """Return in a few words which files changed; empty for none."""
    names = [clean(PurePath(file).name, 60) for file in files[:NAMED]]
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return f"{', '.join(names)}{more} changed" if files else ""
