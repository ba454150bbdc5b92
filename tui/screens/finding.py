"""Finding: the search box over the tree, and the next and previous hit."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.widgets import Input

from models import messages as m
from tui.asking import Answer
from tui.screens.explorer_base import ExplorerBase
from tui.widgets.search_box import SearchBox


class Finding(ExplorerBase):
    """Part of the explorer."""

    sought = ""
    """The last search; `n` and `N` walk its hits."""

    async def action_search(self) -> None:
        if self.summary is None and self.settled_opening.is_set():
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
        self, request: m.Body, answer: type[Answer], /, progress: Callable[[m.Progress], None] | None = None
    ) -> Answer:
        """What is typed while a model is being opened is searched for when it is."""
        await self.settled_opening.wait()
        return await self.link.ask(request, answer, progress)

    @on(SearchBox.Chosen)
    def _found(self, message: SearchBox.Chosen) -> None:
        self.sought = message.query
        self._leave_search()
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

    def action_next_hit(self, step: int) -> None:
        if self.sought:
            self.module_tree.go_to_hit(self.sought, step)
        else:
            self.say("nothing was searched for yet: / searches")
