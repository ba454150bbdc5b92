"""A `Lines` whose rows come from the engine in pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from rich.segment import Segment

from models.messages import Problem
from tui.asking import Ask
from tui.widgets.lists.lines import Lines
from tui.widgets.lists.pages import Pages

Row = TypeVar("Row")


class PagedLines(Lines, Generic[Row]):
    """A list whose rows are fetched in pages; subclasses give `fetch` and `draw`.  A row on its way shows as `…`."""

    PAGE = 100
    """Rows in one request."""

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.ask = ask
        self.pages: Pages[Row] = Pages(
            self.fetch, arrived=self.rows_arrived, counted=self.rows_counted, failed=self.rows_failed, size=self.PAGE
        )

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[Row]]:
        """Return the total, and the rows from `start`; at most `count` of them."""
        raise NotImplementedError

    def draw(self, index: int, row: Row, width: int) -> Iterable[Segment]:
        """Return the parts of a row that is here, as `render_row` does."""
        raise NotImplementedError

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        row = self.pages.get(index)
        return [Segment("…", self.look("lines--dim"))] if row is None else self.draw(index, row, width)

    @property
    def row(self) -> Row | None:
        """Return the row under the cursor; None while it is not here."""
        return self.pages.peek(self.cursor) if self.count else None

    @property
    def awaits_content(self) -> bool:
        """Return whether the first rows are on their way: keys wait for them."""
        return self.count == 0 and self.pages.busy

    def rows_arrived(self, start: int, count: int) -> None:
        """Draw rows that came from the engine."""
        self.refresh_rows(start, count)

    def rows_counted(self, total: int) -> None:
        """Take in that the list turned out to have `total` rows."""
        self.count = total

    def rows_failed(self, problem: Problem) -> None:
        """Report that the engine could not answer."""
        self.post_message(self.Failed(self, problem))

    def on_unmount(self) -> None:
        self.pages.close()
