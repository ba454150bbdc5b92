"""Search over the whole tree while it is typed: a prompt, the hits below it, and how many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from models.messages import Search, SearchHit, SearchHits
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.input_order import hold_input
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.line_input import LineInput
from tui.widgets.tree.search_list import SearchList

DEBOUNCE = 0.03
"""Seconds of rest after a key before the engine is asked."""


class SearchInput(LineInput):
    """The line in which the search is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "go there")]


class SearchBox(Vertical):
    """The search: letters go to the prompt, arrows move in the hits, Enter chooses one, Escape closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "move(-1)", "Previous hit", show=False),
        Binding("down,ctrl+n", "move(1)", "next hit", key_display="↓"),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("escape", "close", "back"),
    ]
    DEFAULT_CSS = """
    SearchBox {
        height: 100%;
        background: $surface;
        & > Horizontal { height: 1; background: $panel; }
        & Input { width: 1fr; height: 1; border: none; padding: 0 1; }
        & #search-count { width: auto; height: 1; padding: 0 1; color: $text-muted; }
        & SearchList { height: 1fr; }
    }
    """

    class Chosen(Message):
        """Posted when a hit was chosen."""

        def __init__(self, path: str, query: str) -> None:
            super().__init__()
            self.path = path
            self.query = query

    class Highlighted(Message):
        """Posted when the cursor came to another hit."""

        def __init__(self, hit: SearchHit) -> None:
            super().__init__()
            self.hit = hit

    class Closed(Message):
        """Posted when nothing was chosen: whatever was moved for the search goes back."""

    def __init__(self, ask: Ask, query: str = "", *, limit: int = 100, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ask = ask
        self.limit = limit
        self._query = query
        self.answered: str | None = None
        """The query whose hits are shown."""
        self._highlighted: str | None = None
        self._choosing: Callable[[], None] | None = None
        """Enter was pressed, what it goes to is not known yet: lets the keys behind it go on."""
        self._chosen = asyncio.Event()
        self._chosen.set()
        self._rest: Timer | None = None
        self._request: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield SearchInput(self._query, placeholder="part of a path", select_on_focus=True, compact=True)
            yield Static("", id="search-count", markup=False)
        yield SearchList()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        if self._query:
            self._search()

    def on_unmount(self) -> None:
        self._cancel()
        self._stop_choosing()

    @property
    def choosing(self) -> bool:
        """Return whether Enter was pressed, and what it goes to is not known yet."""
        return self._choosing is not None

    async def chosen(self) -> None:
        """Wait until it is known what Enter goes to, where it was pressed."""
        await self._chosen.wait()

    @property
    def text(self) -> str:
        """Return what is typed."""
        return self.query_one(Input).value

    @property
    def list(self) -> SearchList:
        """Return the list of hits."""
        return self.query_one(SearchList)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._cancel()
        self._stop_choosing()
        self._rest = self.set_timer(DEBOUNCE, self._search)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    def on_lines_moved(self, event: Lines.Moved) -> None:
        event.stop()
        self._highlight()

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        event.stop()
        self._choose()

    def action_move(self, rows: int) -> None:
        """Move in the hits by so many rows."""
        self.list.action_move(rows)

    def action_page(self, pages: int) -> None:
        """Move in the hits by so many pages."""
        self.list.action_page(pages)

    def action_close(self) -> None:
        """Close, with nothing chosen."""
        self.post_message(self.Closed())

    def _cancel(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        if self._request is not None:
            self._request.cancel()

    def _search(self) -> None:
        self._cancel()
        self._request = asyncio.create_task(self._ask(self.text))

    async def _ask(self, query: str) -> None:
        hits = SearchHits(query=query, total=0, hits=[])
        if query.strip():
            try:
                hits = await self.ask(Search(query=query, limit=self.limit), SearchHits)
            except EngineGone:
                self._stop_choosing()
                self._count("no engine")
                return
            except EngineProblem as error:
                self._stop_choosing()
                self.post_message(Lines.Failed(self.list, error.problem))
                return
        self._show(query, hits)

    def _show(self, query: str, hits: SearchHits) -> None:
        self.answered = query
        self.list.empty = f"Nothing matches {query}." if query.strip() else ""
        self.list.show(hits.hits)
        shown = len(hits.hits)
        self._count("" if not query.strip() else f"{shown:,} of {hits.total:,}" if hits.total else "no hits")
        if self._choosing:
            self._choose()
        else:
            self._highlight()

    def _count(self, text: str) -> None:
        self.query_one("#search-count", Static).update(text)

    def _highlight(self) -> None:
        hit = self.list.hit
        path = None if hit is None else hit.path
        if hit is not None and path != self._highlighted:
            self.post_message(self.Highlighted(hit))
        self._highlighted = path

    def _choose(self) -> None:
        """Choose the hit under the cursor; when the answer to what is typed is not here yet, the first one of it."""
        if self.answered != self.text:
            self._choosing = self._choosing or hold_input(self.app)
            self._chosen.clear()
            return
        if (hit := self.list.hit) is not None:
            self.post_message(self.Chosen(hit.path, self.text))
        self._stop_choosing()

    def _stop_choosing(self) -> None:
        if self._choosing is not None:
            self._choosing()
            self._choosing = None
            self._chosen.set()
