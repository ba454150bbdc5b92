"""Finding: the search box over the tree, and the next and previous hit."""

from __future__ import annotations

from textual import on, work

from models.engine import messages as m
from models.engine.errors import EngineGone, EngineProblem
from tui.screens.explorer_base import ExplorerBase
from tui.widgets.search_list import SearchBox


class Finding(ExplorerBase):
    """Part of the explorer."""

    sought = ""
    """The last search; `n` and `N` walk its hits."""

    def action_search(self) -> None:
        box = self.query_one(SearchBox)
        self.tree.display = False
        box.display = True
        box.begin()

    @on(SearchBox.Chosen)
    def _found(self, message: SearchBox.Chosen) -> None:
        self.sought = message.query
        self._leave_search()
        self.go_to(message.path)

    @on(SearchBox.Closed)
    def _closed(self) -> None:
        self._leave_search()

    def _leave_search(self) -> None:
        self.query_one(SearchBox).display = False
        self.tree.display = True
        self.tree.focus()

    @work(exclusive=True, group="hit", exit_on_error=False)
    async def action_next_hit(self, step: int) -> None:
        if not self.sought:
            self.notify("Nothing was searched for yet. / searches.", timeout=3, markup=False)
            return
        try:
            place = await self.link.ask(m.NextHit(query=self.sought, path=self.path, step=step), m.TreePlace)
        except (EngineProblem, EngineGone) as error:
            self.tell(error)
            return
        self.go_to(place.path)
