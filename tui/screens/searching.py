"""Searching: the search box over the tree, the next and previous hit, and the calls of what is selected."""

from __future__ import annotations

from collections.abc import Callable

from textual import on, work
from textual.widgets import Input

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Answer
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.text import clean
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.calls_pane import CallsPane
from tui.widgets.tree.search_box import SearchBox


class Searching(ExplorerBase):
    """What the explorer does to search the tree."""

    sought = ""
    """The last search; `n` and `N` walk its hits."""
    went_to: tuple[int, str] | None = None
    """The run and the path of which a call was gone to last."""

    async def action_search(self) -> None:
        """Open the search box over the tree, or go to it."""
        if self.summary is None and self.settled_opening.is_set():
            return
        if isinstance(self.focused, CallTable):
            self.query_one(CallsPane).open_search()
            return
        if boxes := self.query(SearchBox):
            for field in boxes.exclude(".-leaving").results(SearchBox):  # it was left with the mouse, or with Tab
                self.set_focus(field.query_one(Input))
            return
        self.module_tree.display = False
        box = SearchBox(self._ask_once_open, self.sought)
        # Waited for: the letters typed right behind the key belong to the search.
        await self.query_one("#left").mount(box)
        self.set_focus(box.query_one(Input))

    async def _ask_once_open(
        self, request: m.Body, answer: type[Answer], /, on_progress: Callable[[m.Progress], None] | None = None
    ) -> Answer:
        """What is typed while a model is being opened is searched for when it is."""
        await self.settled_opening.wait()
        return await self.link.ask(request, answer, on_progress)

    @on(SearchBox.Chosen)
    def _found(self, message: SearchBox.Chosen) -> None:
        self.sought = message.query
        self._leave_search()
        self.note_step()
        self.go_to(message.path)

    @on(SearchBox.Highlighted)
    def _highlighted(self, message: SearchBox.Highlighted) -> None:
        """The panes show the hit under the cursor; what is selected stays so until one is chosen."""
        hit = message.hit
        self.show_at(hit.path, m.TreeRow(path=hit.path, name=hit.path, kind=hit.kind, depth=0, detail=hit.detail))

    @on(SearchBox.Closed)
    def _leave_search(self) -> None:
        self.show_at(self.path, self.row)
        self.module_tree.display = True
        self.set_focus(self.module_tree)  # before the box goes: the focus would leave it for the next pane meanwhile
        self.query(SearchBox).add_class("-leaving").remove()

    def action_next_hit(self, direction: int) -> None:
        """Go to the next hit (1) or the previous one (-1) of the last search."""
        if isinstance(self.focused, CallTable) and self.query_one(CallsPane).sought:
            self.query_one(CallsPane).next_hit(direction)
        elif self.sought:
            self.note_step()
            self.module_tree.go_to_hit(self.sought, direction)
        else:
            self.status_message("nothing was searched for yet: / searches")

    @work(group="to-calls", exclusive=True, exit_on_error=False)
    async def action_to_calls(self) -> None:
        """Go to the next call of the selected module, or of who reads the selected tensor, in the last run."""
        table = self.query_one(CallTable)
        run, path = table.run, self.path
        if run is None or path is None:
            self.status_message("no run yet: f runs the network forward")
            return
        here = table.row
        after = here.index if here is not None and (run, path) == self.went_to else -1
        try:
            place = await self.link.ask(m.NextCall(run=run, path=path, after=after), m.CallPlace)
        except (EngineGone, EngineProblem) as error:
            self.status_message(clean(error.problem.title if isinstance(error, EngineProblem) else error.title, NOTICE))
            return
        name = clean(path, NOTICE) or "the network"
        if place.index is None:
            self.status_message(f"{name} is in no call of the last run")
            return
        self.went_to = run, path
        self.show_tab("calls", focus=False)
        if table.complete:
            self.note_step()
            self.select_call(m.CallTensor(run=run, call=place.index))
        else:
            table.go_to(place.index)
        more = ": c for the next" if place.count > 1 else ""
        self.status_message(f"call {place.number:,} of {place.count:,} of {name}{more}")
