"""All tensors below a module, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType

from models.engine.messages import TensorPage, TensorRow, TensorRows
from tui import numbers
from tui.actions import bindings
from tui.asking import Ask
from tui.widgets.columns import Column, Needs, header_of, lay_out, row_of
from tui.widgets.marks import WIDTH, marks_of
from tui.widgets.paged_lines import PagedLines

COLUMNS = (
    Column("tensor", 17, 60, cut="middle"),
    Column("kind", 9, 9, drop=5),
    Column("shape", 8, 24),
    Column("dtype", 8, 10, drop=3),
    Column("entries", 7, 9, drop=2, cut="left"),
    Column("bytes", 8, 9, drop=4, cut="left"),
    Column("gradient", 8, 8, drop=1),
    Column("marks", WIDTH + 1, WIDTH + 1, drop=6),
)
GRADIENT = {"": "", "none": "none yet", "zero": "zero", "value": "yes"}


class TensorTable(PagedLines[TensorRow]):
    """The tensors at and below the module that `show` names; Enter posts `Lines.PathChosen`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")
    HAS_HEADER = True

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self.path: str | None = None
        """The module whose tensors are shown."""
        self._needs = Needs(COLUMNS)

    def show(self, path: str) -> None:
        """Another module, or the same one again."""
        if path == self.path:
            self.pages.refresh()
            self.refresh()
            return
        self.path = path
        self.empty = ""
        self._needs.reset()
        self.set_reactive(TensorTable.cursor, 0)
        self.pages.reset()
        self.count = 0
        self.scroll_to_row(0)

    def clear(self) -> None:
        """Nothing to show."""
        self.path = None
        self.pages.clear()
        self.count = 0

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[TensorRow]]:
        if self.path is None:
            return 0, []
        page = await self.ask(TensorRows(path=self.path, start=start, count=count), TensorPage)
        return page.total, page.rows

    def rows_arrived(self, start: int, count: int) -> None:
        rows = [row for index in range(start, start + count) if (row := self.pages.peek(index)) is not None]
        if self._needs.take(map(self.texts_of, rows)):
            self.refresh()  # every row changes with the columns
        else:
            super().rows_arrived(start, count)
        self.empty = "No parameters, buffers or constants here."

    def render_header(self, width: int) -> Iterable[Segment]:
        return header_of(COLUMNS, lay_out(COLUMNS, width, self._needs.widths))

    def draw(self, index: int, row: TensorRow, width: int) -> Iterable[Segment]:
        dim, strong = self.look("lines--dim"), self.look("lines--strong")
        widths = lay_out(COLUMNS, width, self._needs.widths)
        return row_of(COLUMNS, widths, self.texts_of(row), (strong, dim, None, dim, None, dim, dim, strong))

    def texts_of(self, row: TensorRow) -> tuple[str, ...]:
        """What stands in each column."""
        gradient = "frozen" if row.frozen and row.kind == "parameter" else GRADIENT[row.gradient]
        return (
            self.name_of(row.path),
            row.kind,
            row.shape,
            row.dtype,
            numbers.count(row.parameters),
            numbers.size(row.bytes),
            gradient,
            marks if (marks := marks_of(row)).strip() else "",
        )

    def name_of(self, path: str) -> str:
        """The path from the module that is shown on."""
        below = f"{self.path}." if self.path else ""
        return path.removeprefix(below) if path != self.path else path.rpartition(".")[2]

    def action_choose(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.PathChosen(self, row.path))
