"""Opening: the first source, the catalogue, another source."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec
from rich.cells import cell_len
from textual import work
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, TextArea

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.first_opening import FirstOpening, opening_request
from tui.input_order import PATIENCE, InputOrder
from tui.proportions import lower_height
from tui.screens.explorer_base import ExplorerBase
from tui.tabs import tab_of
from tui.text import clean
from tui.widgets.console.prompt import OF_CHECKPOINT, OF_NETWORK, OF_NOTHING, Prompt
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.parts.key_line import KeyLine
from tui.widgets.tree.search_box import SearchBox

WARNING_LIMIT = 4
"""Warnings that the console shows."""
OF_CODE = frozenset(("forward", "backward"))
"""Actions that tensors without code have no use for."""
NAME_LIMIT = 12
"""Names of the console that are listed."""
QUIET_ROWS = 8
"""Rows of the console that a remark on the network leaves to the rest."""


class Opening(ExplorerBase):
    """What the explorer does to open a source, the first one and others."""

    class Begun(Message):
        """Posted when the explorer can take in events of the engine, and keys."""

    wanted: str | None = None
    """The source that was to be opened last, whatever came of it."""
    _turn = 0
    """Counts what was opened: the last one reports that nothing is being opened any more."""
    _opening = False
    """Whether keys for what is open wait: it is being opened, or the tree does not show it yet."""
    _opened = False
    """Whether what was to be opened last is open."""
    files_taken = 0
    """The version of its files (see `FilesChanged`) that was opened by itself, or reported, last."""
    by_itself = False
    """Whether the next opening was not asked for: what it fails with is no panel over the screen."""
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

    # -- keys meanwhile
    def keys_wait(self) -> bool:
        """Return whether keys for what is open wait for what is being opened."""
        return self._opening and self.app.screen is self

    def _opening_begins(self) -> int:
        """Have keys wait; return the number to end that with."""
        self.settled_opening.clear()
        self._opening, self._opened = True, False
        self._turn += 1
        return self._turn

    async def _opening_ends(self, turn: int) -> None:
        """Have the keys act that were typed meanwhile, once the tree shows what was opened; drop them if nothing was.

        `turn` is what `_opening_begins` returned: what took the place of that opening ends it.
        """
        if turn != self._turn:
            return
        self.settled_opening.set()
        if self._opened:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._shown(), PATIENCE)
        if turn != self._turn:
            return
        self._opening = False
        order: InputOrder | None = getattr(self.app, "input_order", None)
        if order is None:
            return
        if self._opened:
            order.let_go()
        elif dropped := order.drop():
            keys = "key" if dropped == 1 else "keys"
            self.status_message(f"not open: {dropped} {keys} typed for it meanwhile dropped")

    async def _shown(self) -> None:
        await self.module_tree.settled()
        for box in self.query(SearchBox):
            await box.chosen()

    def _start(self, source: str | None, again: m.OpenSource | None = None) -> None:
        """Start the engine, and open `source`, or what is named in `again`."""
        self._start_engine(source, again, 0 if source is None and again is None else self._opening_begins())

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _start_engine(self, source: str | None, again: m.OpenSource | None, turn: int) -> None:
        try:
            await self._start_and_open(source, again)
        finally:
            if turn:
                await self._opening_ends(turn)
            else:
                self.settled_opening.set()

    async def _start_and_open(self, source: str | None, again: m.OpenSource | None) -> None:
        first, self.first = self.first, None
        status = self.status
        status.gone = status.gone and first is not None
        if first is None or first.shown is None:
            status.state = "starting the engine"
        try:
            await (self.link.start() if first is None else first.started())
        except EngineGone as gone:
            self.held = False
            self.engine_lost(gone)
            return
        if first is not None and not self.link.alive:  # it ended meanwhile, as is reported
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
        """Return the request that opens `source`, unfolded as far as it fits."""
        return opening_request(self.options, source, self.module_tree.size.height, source in self.meant_sources)

    def open(self, source: str) -> None:
        """Open `source`, which was chosen in the catalogue, in place of what is open."""
        self.module_tree.focus()  # from now on: keys typed meanwhile are for what is opened
        self._open_chosen(source, self._opening_begins())

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _open_chosen(self, source: str, turn: int) -> None:
        try:
            await self._open(self.request_for(source), chosen=True)
        finally:
            await self._opening_ends(turn)

    async def _open(self, request: m.OpenSource, chosen: bool = False, first: FirstOpening | None = None) -> None:
        self._suggest(None)
        try:
            await self._ask_to_open(request, chosen, first)
        finally:
            self.progress_text = ""
            self._suggest(self.summary if self.held else None)

    def _suggest(self, summary: m.Summary | None) -> None:
        """Offer keys and statements that make sense for what is open; for nothing, none that needs a network."""
        has_code = summary is not None and summary.kind != "checkpoint"
        self.query_one(KeyLine).leave_out(frozenset() if has_code else OF_CODE)
        placeholder = OF_NOTHING
        if summary is not None:
            placeholder = OF_NETWORK.format(summary.call or "net(X)") if has_code else OF_CHECKPOINT
        self.query_one(Prompt).placeholder = Content(clean(placeholder, 200))  # a plain str would be read as markup

    async def _ask_to_open(self, request: m.OpenSource, chosen: bool, first: FirstOpening | None) -> None:
        status = self.status
        status.source = self.wanted = request.source
        if first is None or first.shown is None:
            status.state = f"opening {request.source}"
        again = bool(request.unfolded)
        quietly, self.by_itself = self.by_itself, False
        path = self.path if again else ""

        def on_progress(progress: m.Progress) -> None:
            self.progress_text = status.state = progress.text

        try:
            reply = self.link.ask(request, m.SourceOpened, on_progress) if first is None else first.opened(on_progress)
            opened = await reply
        except EngineProblem as error:
            self._report_not_open(error, request, chosen, quietly)
            return
        except EngineGone:
            return  # reported by engine_ended
        status.state = ""
        self.held = self._opened = True
        self.files_taken = 0  # the engine counts anew
        if not again:
            self.input_specs, self.run_mode = [], None
        if again:
            self.query_one(ValuesPane).table.stop_statistics()  # they were those of the model before
        else:
            self.query_one(ValuesPane).reset()
        self.show_opened(opened.summary, path, again)
        self.observe("opened", opened.summary.source)
        if self._are_files_here:
            self.recent.add(request.source)
        if again:
            self._report_again(opened, same=self.options.attached and request.source == self.options.source)
        else:
            self._introduce(opened.summary)
        if opened.weights:
            self.log_to_console(f"weights: {opened.weights}")
        if self.options.compare_with is not None and not again and request.source in self.meant_sources:
            self.compare_with(self.options.compare_with, None if first is None else first.comparing)

    def _report_not_open(self, error: EngineProblem, request: m.OpenSource, chosen: bool, quietly: bool) -> None:
        """Say why a source could not be opened, and offer others where it was `chosen` or nothing is open."""
        status, problem = self.status, error.problem
        status.state = "" if self.held or self.summary is None else "not open: R tries again"
        status.source = self.options.source or ""
        if problem.kind == "interrupted":  # by the user, who needs no box to close
            status.state = "" if self.held else "not open: R tries again"
            self.status_message(f"opening {request.source} was interrupted")
        elif problem.choices:
            self._choose(problem, request)
        elif quietly:
            self.console.show_error(problem)
            self.notify_error(error)
        else:
            instead = chosen or self.summary is None
            if instead:
                self.action_catalogue(request.source)
            self.show_error(problem, again=not instead)

    def _choose(self, problem: m.Problem, request: m.OpenSource) -> None:
        """Ask which of several checkpoints is to be opened; back to the catalogue where that is none of them."""
        from tui.screens.source_choices import SourceChoices

        def chosen(source: str | None) -> None:
            if source is not None:
                if request.source in self.meant_sources:
                    self.meant_sources.add(source)
                self._open_instead(msgspec.structs.replace(request, source=source), self._opening_begins())
            elif self.summary is None:
                self.action_catalogue(request.source)

        self.app.push_screen(SourceChoices(problem), chosen)

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _open_instead(self, request: m.OpenSource, turn: int) -> None:
        try:
            await self._open(request, chosen=True)
        finally:
            await self._opening_ends(turn)

    def _report_again(self, opened: m.SourceOpened, same: bool) -> None:
        """Say in the console that what was open is open anew, and which of its names are there still.

        `same` says that it is the object of a running program that it was before.
        """
        files = opened.summary.kind == "checkpoint"
        how = "the same object, as it is now" if same else "as its files are now" if files else "as it was built anew"
        self.log_to_console(f"{opened.summary.source} is open again, {how}")
        for names, what in ((opened.names_kept, "kept"), (opened.names_gone, "gone")):
            if names:
                more = f" and {len(names) - NAME_LIMIT:,} more" if len(names) > NAME_LIMIT else ""
                self.log_to_console(f"names of the console that are {what}: {', '.join(names[:NAME_LIMIT])}{more}")

    def show_opened(self, summary: m.Summary, path: str, again: bool = False) -> None:
        """Show a model that was just opened, `path` selected.

        With `again` it is the one that was open before, and the focus stays where it is.
        """
        self.summary = self.status.summary = summary
        self.status.stale, self.named = "", False
        for tab, pane in self.panes():
            pane.remark = tab.absence(summary)
        self.path, self.row = path, None
        self.forget_runs()
        self.comparison_over(again)
        self.module_tree.open()
        self.look_anew(opened=True)
        if path:
            self.go_to(path)
        typing = isinstance(self.focused, Input | TextArea)  # the rest of it would be commands of the tree
        if self.app.screen is self and not (typing or again):
            self.module_tree.focus()

    def _introduce(self, summary: m.Summary) -> None:
        """Say in the console what was opened, and what one can try with it."""
        console = self.console
        if summary.kind == "checkpoint":
            self._introduce_checkpoint(summary)
            return
        names = ["net"] + ([summary.name] if summary.name.isidentifier() and summary.name != "net" else [])
        self.log_to_console(f"{summary.source}: {summary.class_name}, in the console as {' and '.join(names)}")
        rows = lower_height(self.size.height) or 0
        if summary.note and len(summary.note) <= console.size.width * (rows - 1 - QUIET_ROWS):
            self.log_to_console(summary.note)
        if summary.input:
            self.log_to_console(_input_line(summary))
        else:
            self.log_to_console("no input is known: set X here, or start with --input 2x20 or --inputs FILE.py:NAME")
        if summary.tries:
            self.log_to_console(tries_line(summary.tries, console.size.width - 4))
        self._warn_and_welcome(summary, "f runs the network, ")

    def _introduce_checkpoint(self, summary: m.Summary) -> None:
        self.log_to_console(f"{summary.source}: {summary.class_name}; state['name'] reads a tensor into the console")
        if summary.note:
            self.log_to_console(summary.note)
        self._warn_and_welcome(summary, f"{tab_of('info').key} shows what the file says, ")

    def _warn_and_welcome(self, summary: m.Summary, key: str) -> None:
        for warning in summary.warnings[:WARNING_LIMIT]:
            self.log_to_console(f"warning: {warning}")
        if len(summary.warnings) > WARNING_LIMIT:
            info = tab_of("info")
            more = len(summary.warnings) - WARNING_LIMIT
            self.log_to_console(f"and {more:,} more warnings: {info.key} ({info.title}) shows them")
        if not self.settings.welcomed:
            self.settings.welcomed = True
            self.log_to_console(f"Arrows walk the tree, Tab changes the pane, {key}? shows every key.")

    def action_catalogue(self, typed: str = "") -> None:
        """Show the catalogue, `typed` in its line; what is chosen there is opened."""
        from tui.screens.catalogue import Catalogue

        if isinstance(self.app.screen, Catalogue):
            return
        recent = self.recent.read() if self._are_files_here else []
        current = "" if self.summary is None else self.summary.source
        catalogue = Catalogue(self.link, self.summary is not None, typed, recent, current, self.options.language)
        self.app.push_screen(catalogue, self._chosen)

    @property
    def _are_files_here(self) -> bool:
        """Whether the engine opens files of this machine, by paths that hold the next time too."""
        return self.options.engine is None and not self.options.attached

    def _chosen(self, source: str | None) -> None:
        if source:
            self.open(source)


def _input_line(summary: m.Summary) -> str:
    """Return what the input is, and how to call the network with it where that is not `net(X)`."""
    guess = ", a guess from the first layers" if summary.guessed else ""
    if summary.call in ("", "net(X)"):
        return f"X = {summary.input}{guess}"
    return f"input: {summary.input}{guess}; {summary.call} takes it"


def tries_line(tries: list[str], width: int) -> str:
    """Return as many of the statements worth trying as fit into a line of `width` cells, at least one."""
    line = f"try  {tries[0]}"
    for statement in tries[1:]:
        if cell_len(line) + 3 + cell_len(statement) > width:
            break
        line += f"   {statement}"
    return line
