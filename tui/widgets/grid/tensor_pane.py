"""A pane for what is selected: a table for a module, statistics and numbers for a tensor, of the tree or of a call.

What the values pane and the gradients pane have in common.  A pane that is not on the screen asks nothing; one that
comes to the screen asks for what was selected last.
"""

from __future__ import annotations

import math
from time import monotonic

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget

from models.messages import CallRow, CallTensor, Of, Place, StatisticsOf, TreeRow
from tui.asking import Ask
from tui.keys_at_rest import keys_at_rest
from tui.widgets.grid.statistics_bar import StatisticsBar
from tui.widgets.grid.value_grid import ValueGrid
from tui.widgets.parts.pane import Pane
from tui.widgets.table.gradient_bars import GradientBars
from tui.widgets.table.tensor_table import TensorTable

AGAIN = 1.0
"""Seconds after which what is of a moment while code runs is asked for again."""
REST = 5
"""How many times as long as an answer took the engine rests before it is asked again: others want to compute, too."""

HOLDERS = ("module", "hidden", "group")
"""Kinds of rows that hold tensors instead of being one."""


class TensorPane(Vertical, Pane):
    """What values and gradients have in common: subclasses say what is shown of a tensor, and a module's table."""

    DEFAULT_CSS = """
    TensorPane { height: 1fr; }
    """

    of: Of = "value"

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.path: Place | None = None
        self.row: TreeRow | CallRow | None = None
        self._shown: Place | None = None
        """The path that the parts were asked for."""
        self.ask = ask
        self.table: TensorTable | GradientBars = self.make_table(ask)
        self.statistics = StatisticsBar(ask, of=self.of)
        self.grid = ValueGrid(ask, of=self.of)
        self._requested_at = 0.0
        self._again: Timer | None = None
        self._going: tuple[Place, list[int]] | None = None
        """Path and index from where the user wants to see an extreme that is not known yet."""

    def make_table(self, ask: Ask) -> TensorTable | GradientBars:
        """Return the table of a module's tensors."""
        raise NotImplementedError

    def without(self, row: TreeRow | CallRow) -> str:
        """Return the sentence to show when the tensor of `row` has no gradient; empty for the usual one."""
        return ""

    def instead(self, row: TreeRow | CallRow) -> str:
        """Return what to show in place of a table or elements; empty where there are some to ask for."""
        return self.remark

    def compose(self) -> ComposeResult:
        self.table.display = self.statistics.display = self.grid.display = False
        yield self.statistics
        yield self.grid
        yield self.table

    def show(self, path: Place | None, row: TreeRow | CallRow | None = None) -> None:
        """Show what the row is about, after a moment of rest; nothing for None."""
        if path != self.path:
            self.statistics.hold()
            self.grid.hold()
        self.path, self.row = path, row
        if row is not None and not (self.table.display or self.grid.display):
            self.main.display = True  # there from the first moment, to take the focus
        self.request_load()

    def row_changed(self, row: TreeRow | None) -> None:
        self.show(self.path, row)

    def refresh_values(self) -> None:
        """Ask again, and keep the old elements until the new ones come: they may have changed."""
        self.request_load()

    @property
    def main(self) -> Widget:
        """Return the part that takes the keys."""
        return self.table if self._tabular else self.grid

    @property
    def _tabular(self) -> bool:
        return self.holder is not None and not self.instead(self.holder)

    @property
    def holder(self) -> TreeRow | None:
        """Return the selected row of the tree, if it holds tensors instead of being one; else None."""
        return self.row if isinstance(self.row, TreeRow) and self.row.kind in HOLDERS else None

    def settled(self) -> None:
        """Take note that what is on the screen is another part, or of another row."""

    @property
    def awaits_content(self) -> bool:
        return self.path is not None and self._shown != self.path and self._at_work

    def load(self) -> None:
        self._settle()

    def on_leave_screen(self) -> None:
        """Drop what is on its way, and ask for it when the pane comes back."""
        self.workers.cancel_node(self)
        self.statistics.hold()
        self.grid.hold()
        self.request_load()

    @work(exclusive=True, exit_on_error=False)
    async def _settle(self) -> None:
        await keys_at_rest(self.app)
        self.load_started()
        self._shown = self.path
        self._requested_at = monotonic()
        row = self.row if self.path is not None else None
        remark = "" if row is None else self.instead(row)
        tabular = row is not None and self._tabular
        one = not tabular and (row is not None or isinstance(self.path, CallTensor))
        focused = self.table.has_focus or self.grid.has_focus
        self.table.display, self.grid.display = tabular, one
        self.settled()
        if remark or not one:
            self.statistics.show(None)
            self.statistics.display = False
            self.grid.show_sentence(remark)
        if self.path is None or not (tabular or one):
            return
        if tabular:
            assert isinstance(self.path, str)
            self.table.show(self.path)
        elif not remark:
            self.statistics.show(self.path)
            self.grid.show(self.path, "" if row is None else self.without(row))
        if focused:
            self.main.focus(scroll_visible=False)

    def on_value_grid_refine_wanted(self, event: ValueGrid.RefineWanted) -> None:
        event.stop()
        if not self.statistics.refine():
            self.app.bell()  # they are exact, or there are none

    def on_value_grid_extreme_wanted(self, event: ValueGrid.ExtremeWanted) -> None:
        """Show where the largest magnitude is, or the other extreme where it is shown already; once that is known."""
        event.stop()
        path = self.grid.data.path
        if path is None or self.go_to_largest_change():
            return
        self._going = path, self.grid.index
        statistics = self.statistics.statistics
        if statistics is None or statistics.path != path:
            self.grid.show_remark("goes there when the statistics come")
        else:
            self._go_to_extreme(statistics)

    def go_to_largest_change(self) -> bool:
        """Show the element that differs most of two that are compared; return False where it is shown, or is none."""
        return False

    def _go_to_extreme(self, statistics: StatisticsOf) -> None:
        grid, going = self.grid, self._going
        self._going = None
        if going != (grid.data.path, grid.index) or grid.data.path != statistics.path:
            return  # the user moved on
        named = {"minimum": statistics.minimum_at, "maximum": statistics.maximum_at}
        order = sorted(named.items(), key=lambda each: each[1] != statistics.absmax_at)
        if grid.index == order[0][1]:
            order.reverse()
        name, index = order[0]
        if index is None or len(index) != len(grid.data.shape or ()):
            grid.show_remark(statistics.reason or "no finite value in this tensor")
            return
        grid.go_to(index)
        grid.show_remark(f"the {name}, and the largest magnitude" if index == statistics.absmax_at else f"the {name}")

    def on_value_grid_known(self, event: ValueGrid.Known) -> None:
        """Show of what the elements are, where they are not the whole tensor's as it is now."""
        event.stop()
        self.statistics.note = event.grid.data.note

    def on_gradient_bars_passing(self, event: GradientBars.Passing) -> None:
        event.stop()
        self._ask_again()

    def _ask_again(self) -> None:
        """Ask again after a while: nothing reports a training's steps."""
        if self._again is not None:
            self._again.stop()
        self._again = self.set_timer(max(AGAIN, REST * (monotonic() - self._requested_at)), self._renew)

    def _renew(self) -> None:
        if self.grid.seeking:
            self._ask_again()
        else:
            self.refresh_values()

    def on_statistics_bar_known(self, event: StatisticsBar.Known) -> None:
        """Let digits and colours follow the whole tensor."""
        event.stop()
        statistics = event.bar.statistics
        if statistics is not None and self._going is not None:
            self._go_to_extreme(statistics)
        if statistics is not None and statistics.passing:
            self._ask_again()
        bounds = [] if statistics is None else [statistics.minimum, statistics.maximum]
        finite = [abs(bound) for bound in bounds if bound is not None and math.isfinite(bound)]
        if statistics is not None and statistics.path == self.grid.data.path and finite:
            self.grid.bound(max(finite))
