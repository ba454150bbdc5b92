"""The heat map of a `ValueGrid`: its plan, scale and lines, and a cursor that goes from cell to cell.

Part of `ValueGrid`, which asks for the cells.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from models.messages import Progress
from tui.text import clean
from tui.widgets.grid.heat import legend, picture, with_cursor
from tui.widgets.grid.heat_plan import HeatPlace, HeatPlan, Room
from tui.widgets.grid.heat_scale import HeatScale
from tui.widgets.grid.palette import CellColours
from tui.widgets.grid.tensor_data import TensorData

LOOKED_THROUGH = 4_096
"""Elements of a cell up to which the largest one is looked for."""
HIGH, LOW = 14, 6
"""Lines from which on there are two lines of legend, and one."""


class HeatView(Widget):
    """What a grid draws in place of numbers while `heat` is on."""

    data: TensorData
    cursor: reactive[tuple[int, int]]
    heat: reactive[bool] = reactive(False, init=False)
    """Draw the whole matrix as a heat map instead of numbers."""
    plan: HeatPlan | None = None
    """Where the cells of the heat map are; None while there is none."""
    legend: list[list[Segment]] = []
    """What the shades mean, in lines."""
    drawing = ""
    """How far the heat map is that is on its way."""
    _palette: CellColours | None = None
    _scale: HeatScale | None = None
    _drawn: list[list[Segment]] | None = None
    _marked: tuple[HeatPlace, list[list[Segment]]] | None = None

    @property
    def view(self) -> Size:
        """Return lines and characters between the scrollbars."""
        raise NotImplementedError

    @property
    def top(self) -> int:
        """Return the lines above the cells: leading indices where there are some, then column indices."""
        return 2 if self.data.leading else 1

    @property
    def bottom(self) -> int:
        """Return the lines below: the element with all its digits, and what the shades of a heat map mean."""
        height = self.view.height
        return 1 if not self.heat or height < LOW else 3 if height >= HIGH else 2

    def style_of(self, name: str) -> Style:
        """Return the style of one of the grid's component classes."""
        return self.get_component_rich_style(f"value-grid--{name}")

    @property
    def palette(self) -> CellColours:
        """Return the colours of cells in the theme that is shown."""
        if self._palette is None:
            self._palette = CellColours(self)
        return self._palette

    @property
    def heat_margin(self) -> int:
        """Return the characters left of a heat map: the indices of rows, or of elements where a row is folded."""
        one = self.data.shape is not None and len(self.data.shape) < 2
        return len(str(max(self.data.width if one else self.data.height, 1) - 1)) + 1

    @property
    def room(self) -> Room:
        """Return the characters and lines that a heat map may take."""
        width = max(self.view.width - self.heat_margin, 1)
        return Room(width, max(self.view.height - self.top - self.bottom, 1), self.palette.mixes)

    @property
    def block(self) -> tuple[range, range] | None:
        """Return the rows and columns of the cell under the cursor; None where they are too many to look through."""
        if self.plan is None:
            return None
        rows, columns = self.plan.elements(self.plan.place(self.cursor))
        return (rows, columns) if len(rows) * len(columns) <= LOOKED_THROUGH else None

    @property
    def largest_here(self) -> tuple[int, int] | None:
        """Return row and column of the largest element of the cell under the cursor; None while that is not known."""
        return self.data.largest_of(*self.block) if self.block else None

    def forget_drawing(self) -> None:
        """Drop what was drawn, and plan the heat map anew from the cells that are known."""
        self._drawn = self._marked = None
        cells = self.data.picture
        self.plan, self.legend = None, []
        if self.heat and cells is not None and cells.values and cells.height and cells.width:
            self.drawing = ""
            self.plan = HeatPlan(cells, (self.data.height, self.data.width), self.room)
            self._scale = HeatScale(cells.values)
            self.legend = legend(self.plan, self._scale, self.palette, self.view.width, self.bottom - 1)

    def go_in_picture(self, down: int, right: int) -> None:
        """Move the cursor by cells of the heat map."""
        if self.plan is not None:
            self.cursor = self.plan.moved(self.cursor, down, right)

    def go_in_picture_to(self, place: HeatPlace) -> None:
        """Move the cursor to the first element of a cell of the heat map."""
        if self.plan is not None and self.plan.index(place) is not None:
            rows, columns = self.plan.elements(place)
            self.cursor = rows.start, columns.start

    def draws(self, progress: Progress) -> None:
        """Show how far the heat map is that is on its way."""
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self.drawing = f"{clean(progress.text, 40)}{done}"
        self.refresh()

    @property
    def drawn(self) -> list[list[Segment]]:
        """Return the lines of the heat map, the cell under the cursor marked."""
        if self.plan is None or self._scale is None:
            return []
        if self._drawn is None:
            self._drawn = picture(self.plan, self._scale, self.palette)
        place = self.plan.place(self.cursor)
        if self._marked is None or self._marked[0] != place:
            style = self.style_of("cursor") + Style(reverse=True)
            self._marked = (place, with_cursor(self._drawn, self.plan, self._scale, self.palette, place, style))
        return self._marked[1]
