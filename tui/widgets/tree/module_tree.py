"""The module tree: the engine's visible rows, with the selected path as what stays the same while rows come and go.

The engine keeps what is unfolded; this widget asks it to fold, and then takes over the rows around the cursor and the
cursor's new place in one step of those that `ordered_steps.py` does one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Literal

from rich.segment import Segment
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import var

from models.messages import Body, Fold, Locate, NextHit, SortTree, TreeOrder, TreePage, TreePlace, TreeRow, TreeRows
from tui.actions import bindings
from tui.asking import Ask
from tui.telling_apart import cut_names
from tui.text import clean, fit_middle
from tui.widgets.lists.columns import Needs
from tui.widgets.tree.difference_columns import DIFFERENCES
from tui.widgets.tree.ordered_steps import OrderedSteps
from tui.widgets.tree.tree_drawing import (
    GRADIENTS,
    INITIAL,
    SETS,
    SIZES,
    ColumnSet,
    draw_header,
    draw_row,
    orders_in_view,
    texts_of,
)

NEAR = 50
"""Rows within which siblings are distinguished by their names."""
NO_RUN = "nothing has run: f runs, C goes on"
"""Instead of titles over empty columns."""


class ModuleTree(OrderedSteps[TreeRow]):
    """The tree; `selected` is the path under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("tree")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tree--module",
        "tree--parameter",
        "tree--buffer",
        "tree--constant",
        "tree--hidden",
        "tree--group",
        "tree--state",
        "tree--item",
    }
    DEFAULT_CSS = """
    ModuleTree {
        & > .tree--module { text-style: bold; }
        & > .tree--parameter { color: $text-accent; }
        & > .tree--buffer { color: $text-secondary; text-style: italic; }
        & > .tree--constant { color: $text-warning; text-style: italic underline; }
        & > .tree--hidden { color: $text-warning; text-style: bold italic; }
        & > .tree--group { text-style: bold; }
        & > .tree--state { color: $text-secondary; }
        & > .tree--item { color: $text-muted; }
    }
    """

    selected: var[str | None] = var(None)
    """The path under the cursor; None in an empty tree."""

    class Selected(Message):
        """Posted when the cursor rests on another path and its row is known, or something in that row changed."""

        def __init__(self, tree: ModuleTree, path: str, row: TreeRow) -> None:
            super().__init__()
            self.tree = tree
            self.path = path
            self.row = row

        @property
        def control(self) -> ModuleTree:
            return self.tree

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self._columns = SIZES
        self.compares = False
        """Whether the rows are of both sides of a comparison."""
        self.order: TreeOrder = "file"
        """What siblings are sorted by."""
        self._needs = Needs(SIZES.columns)
        self._posted: object = None
        """The facts in the last `Selected`."""

    # -- what the app asks for

    def show_as(self, other: ModuleTree) -> None:
        """Show what another tree of the same engine shows, until rows come."""
        if other.compares:
            self.compare(True)
        self.pages.take_over(other.pages)
        self._learn(self.pages.rows())
        self.count = other.count

    def open(self, rows: int = 0) -> None:
        """Show the tree that the engine has now, from its first row; `rows` is how many it is expected to have."""
        self.do_in_order(self._open)

    def close(self) -> None:
        """Show nothing."""
        self.do_in_order(self._clear)

    def reload(self, structure: bool = False) -> None:
        """Ask again for what is in sight, after the model changed; `structure` says that rows came or went."""
        if structure or self.order != "file":  # other values, another order
            self.do_in_order(self._restore)
        else:
            self.move_in_order(self.pages.refresh)  # never between a step's question and its answer

    def go_to(self, path: str) -> None:
        """Move to `path`, unfolding what hides it; to its nearest ancestor if it is gone."""
        self.do_in_order(lambda: self._ask_place(Locate(path=path)))

    def go_to_hit(self, query: str, direction: int) -> None:
        """Move to the next (1) or previous (-1) hit of a search."""
        self.do_in_order(lambda: self._ask_place(NextHit(query=query, path=self.selected or "", step=direction)))

    def folds(self) -> dict[str, bool]:
        """Return which of the modules seen lately are unfolded, by path: enough to build the same view again."""
        return {row.path: row.unfolded for row in self.pages.rows() if row.children}

    async def _open(self) -> None:
        self.selected = None
        self._needs.reset()
        if self.order != "file":
            await self.ask(SortTree(order=self.order, path=""), TreePlace)
        self._take(await self.pages.renew(0, self.page_height), 0, 0)

    async def _clear(self) -> None:
        self.pages.clear()
        self.selected = None
        self.count = 0

    async def _restore(self) -> None:
        if self.selected is None:
            await self._open()
        else:
            await self._ask_place(Locate(path=self.selected), anew=True)

    async def _ask_place(self, request: Body, anew: bool = False) -> None:
        """Ask for a place, then show it with the cursor on the screen line where it was, as far as possible."""
        place = await self.ask(request, TreePlace)
        moved = isinstance(request, Locate | NextHit) and not anew
        if moved and place.total == self.count and self.pages.total and self._known(place):
            self.cursor = place.row
            return
        top = self.top if moved else place.row - (self.cursor - self.top)
        if not top <= place.row < top + self.page_height:
            top = place.row - self.page_height // 2
        top = max(min(top, place.total - self.page_height), 0)
        self._take(await self.pages.renew(top, top + self.page_height), place.row, top)

    def _known(self, place: TreePlace) -> bool:
        """Whether the rows here are still right, so that only the cursor has to move."""
        row = self.pages.peek(place.row)
        return row is not None and row.path == place.path

    def _take(self, total: int, cursor: int, top: int) -> None:
        self.count = total
        self._learn(self.pages.rows())
        self.scroll_to_row(top)
        self.cursor = cursor
        self.reveal(cursor)
        self.refresh()
        self._post_selected()

    def cursor_loaded(self) -> None:
        self._post_selected()

    def _post_selected(self) -> None:
        """Say where the cursor rests, when that is another path, or other facts, and its row is here."""
        row = self.row
        if row is not None and (row.path, facts_of(row)) != (self.selected, self._posted):
            self.selected, self._posted = row.path, facts_of(row)
            self.post_message(self.Selected(self, row.path, row))

    # -- rows

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[TreeRow]]:
        page = await self.ask(TreeRows(start=start, count=count, initial=self.shows_initial), TreePage)
        return page.total, page.rows

    def draw(self, index: int, row: TreeRow, width: int) -> Iterable[Segment]:
        def cut(name: str, room: int) -> str:
            return cut_names(tuple(self._names_beside(index, row.depth)), room).get(name) or fit_middle(name, room)

        return draw_row(row, width, self.look, self._needs.widths, self._columns, cut)

    def _names_beside(self, index: int, depth: int) -> Iterator[str]:
        """Yield the names of a row and its siblings near it that are here, the same ones for rows near each other."""
        start = max(index // NEAR - 1, 0) * NEAR
        first = index
        for at in range(index - 1, start - 1, -1):
            row = self.pages.peek(at)
            if row is None or row.depth < depth:
                break
            first = at
        for at in range(first, start + 3 * NEAR):
            row = self.pages.peek(at)
            if row is None or row.depth < depth:
                break
            if row.depth == depth:
                yield clean(row.name)

    def render_header(self, width: int) -> Iterable[Segment]:
        if self.shows_run and all(row.run is None for row in self.pages.rows()):
            return [Segment(NO_RUN)]
        return draw_header(width, self._columns, self._needs.widths, self.order)

    def _learn(self, rows: Iterable[TreeRow]) -> bool:
        """Take in how wide the texts of rows are; return whether a column needs more than was known."""
        return self._needs.take(texts_of(row, self._columns) for row in rows)

    def rows_arrived(self, start: int, count: int) -> None:
        rows = [row for index in range(start, start + count) if (row := self.pages.peek(index)) is not None]
        if self._learn(rows):
            self.refresh()  # every row changes with the columns
        super().rows_arrived(start, count)
        self._post_selected()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._post_selected()

    # -- actions

    def action_toggle(self) -> None:  # type: ignore[override]  # Textual's own toggles an attribute by name
        """Unfold or fold the row under the cursor."""
        self.do_in_order(lambda: self._fold("toggle"))

    def action_choose(self) -> None:
        """Unfold or fold, after a double click."""
        self.action_toggle()

    def action_unfold_below(self) -> None:
        """Unfold everything below the row under the cursor."""
        self.do_in_order(lambda: self._fold("all"))

    def action_fold_below(self) -> None:
        """Fold everything below the row under the cursor."""
        self.do_in_order(lambda: self._fold("none"))

    def action_inward(self) -> None:
        """Unfold the row; where that is done, go to the first child."""
        self.do_in_order(self._inward)

    def action_outward(self) -> None:
        """Fold the row; where that is done, go to the parent."""
        self.do_in_order(self._outward)

    def action_twin(self) -> None:
        """Go to another path of the same module or tensor."""
        self.do_in_order(self._twin)

    async def _fold(self, how: Literal["toggle", "open", "close", "all", "none"]) -> None:
        await self.load_cursor()
        if (row := self.row) is not None and row.children:
            await self._ask_place(Fold(path=row.path, how=how))

    async def _inward(self) -> None:
        await self.load_cursor()
        if (row := self.row) is None or not row.children:
            return
        if row.unfolded:
            self.cursor += 1
        else:
            await self._fold("open")

    async def _outward(self) -> None:
        await self.load_cursor()
        if (row := self.row) is None:
            return
        if row.children and row.unfolded:
            await self._fold("close")
        elif row.depth:
            await self._ask_place(Locate(path=parent_of(row)))

    async def _twin(self) -> None:
        await self.load_cursor()
        row = self.row
        if row is None or not (row.shared_with or row.memory_with):
            self.app.bell()
            return
        ring = sorted({row.path, *row.shared_with, *row.memory_with})
        await self._ask_place(Locate(path=ring[(ring.index(row.path) + 1) % len(ring)]))

    def action_tree_columns(self) -> None:
        """Change to the next set of columns: sizes, the last run; after a backward, its gradients; initialisation.

        While something is compared: differences, sizes.
        """
        if self.compares:
            self._show_columns(SIZES if self._columns is DIFFERENCES else DIFFERENCES)
            return
        passed = any(
            row.run is not None and (row.run.gradient is not None or row.run.weight_gradient is not None)
            for row in self.pages.rows()
        )
        sets = [each for each in SETS if passed or each is not GRADIENTS]
        self._show_columns(sets[(sets.index(self._columns) + 1) % len(sets)] if self._columns in sets else SIZES)

    def compare(self, compares: bool) -> None:
        """Have the columns say how both sides differ, or no more; the rows are to be asked for anew."""
        self.compares = compares
        self.order = "file"
        self._show_columns(DIFFERENCES if compares else SIZES)

    def _show_columns(self, columns: ColumnSet) -> None:
        self._columns = columns
        self._show_header()
        self._needs = Needs(self._columns.columns)
        self._learn(self.pages.rows())
        self.reveal(self.cursor)
        self.refresh()
        if self.shows_initial:
            self.reload()

    def action_sort_siblings(self) -> None:
        """Sort siblings by the next figure in view, the largest first; after the last one, in their own order."""
        orders: tuple[TreeOrder, ...] = ("file", *orders_in_view(self.row_width, self._columns, self._needs.widths))
        at = orders.index(self.order) if self.order in orders else 0
        self.order = orders[(at + 1) % len(orders)]
        self._show_header()
        order = self.order
        self.do_in_order(lambda: self._ask_place(SortTree(order=order, path=self.selected or ""), anew=True))

    def _show_header(self) -> None:
        self.HAS_HEADER = self._columns is not SIZES or self.order != "file"
        self._measure()

    @property
    def shows_run(self) -> bool:
        """Return whether the columns are about the last run."""
        return self._columns not in (SIZES, INITIAL, DIFFERENCES)

    @property
    def shows_initial(self) -> bool:
        """Return whether the columns are about where values come from."""
        return self._columns is INITIAL

    def click_row(self, row: int, event: Click) -> None:
        """Fold or unfold after a click on the fold mark; move to `row` after one on the rest of it."""
        self.cursor = row
        found = self.row
        offset = event.get_content_offset(self)
        on_mark = False
        if found is not None and offset is not None:
            front = draw_row(found, self.row_width, self.look, self._needs.widths, self._columns)[0]
            end = 1 + front.cell_length  # guides and mark, after the bar
            on_mark = end - 2 <= offset.x < end
        if on_mark or event.chain == 2:
            self.action_toggle()


def parent_of(row: TreeRow) -> str:
    """Return the path of the row that holds `row`.

    Names may hold dots themselves, so the name's length says where to cut.
    """
    if row.group:
        return row.group
    return row.path[: -len(row.name)].removesuffix(".") if row.name and row.path.endswith(row.name) else ""


def facts_of(row: TreeRow) -> object:
    """Return what a pane shows of a row: equal for two rows that look alike there."""
    own = (row.kind, row.detail, row.dtype, row.frozen, row.gradient, row.state, row.bytes)
    return *own, row.shared_with, row.memory_with, row.difference
