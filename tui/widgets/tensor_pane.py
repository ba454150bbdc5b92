"""A pane for one selected row: a table for a module, statistics and numbers for a tensor.

What the values pane and the gradients pane have in common.  A pane that is not on the screen asks nothing; one that
comes to the screen asks for what was selected last.
"""

from __future__ import annotations

import asyncio
import math
from time import monotonic

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget

from models.messages import Of, TreeRow
from tui.asking import Ask
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.seen import Seen
from tui.widgets.statistics_bar import StatisticsBar
from tui.widgets.tensor_table import TensorTable
from tui.widgets.value_grid import ValueGrid

DEBOUNCE = 0.04
"""Seconds of rest before a selection is shown: a held arrow key in the tree asks once."""

AGAIN = 1.0
"""Seconds after which what is of a moment while code runs is asked for again."""
REST = 5
"""How many times as long as an answer took the engine rests before it is asked again: others want to compute, too."""

HOLDERS = ("module", "hidden", "group")
"""Kinds of rows that hold tensors instead of being one."""


class TensorPane(Vertical, Seen):
    """Subclasses say what of a tensor is shown, and with which table a module's tensors."""

    DEFAULT_CSS = """
    TensorPane { height: 1fr; }
    """

    of: Of = "value"

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.path: str | None = None
        self.row: TreeRow | None = None
        self.ask = ask
        self.table: TensorTable | GradientBars = self.make_table(ask)
        self.statistics = StatisticsBar(ask, of=self.of)
        self.grid = ValueGrid(ask, of=self.of)
        self._asked = 0.0
        self._again: Timer | None = None

    def make_table(self, ask: Ask) -> TensorTable | GradientBars:
        """The table of a module's tensors."""
        raise NotImplementedError

    def without(self, row: TreeRow) -> str:
        """What to say when the tensor of `row` has no gradient; empty for the usual sentence."""
        return ""

    def instead(self, row: TreeRow) -> str:
        """What to say in place of a table or numbers; empty where there are some to ask for."""
        return ""

    def compose(self) -> ComposeResult:
        self.table.display = self.statistics.display = self.grid.display = False
        yield self.statistics
        yield self.grid
        yield self.table

    def show(self, path: str | None, row: TreeRow | None) -> None:
        """Show what the tree's row is about, after a moment of rest; None shows nothing."""
        if path != self.path:
            self.statistics.hold()
            self.grid.hold()
        self.path, self.row = path, row
        if row is not None and not (self.table.display or self.grid.display):
            self.main.display = True  # there from the first moment, to take the focus
        self.later()

    def refresh_values(self) -> None:
        """The numbers may have changed: ask again, and keep the old ones until then."""
        self.later()

    @property
    def main(self) -> Widget:
        """The part that takes the keys."""
        return self.table if self._tabular else self.grid

    @property
    def _tabular(self) -> bool:
        return self.row is not None and self.row.kind in HOLDERS and not self.instead(self.row)

    def settled(self) -> None:
        """What is on the screen is another part, or of another row."""

    def catch_up(self) -> None:
        self._settle()

    def left(self) -> None:
        """What was on its way is dropped, and asked for when the pane comes back."""
        self.workers.cancel_node(self)
        self.statistics.hold()
        self.grid.hold()
        self.later()

    @work(exclusive=True, exit_on_error=False)
    async def _settle(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        self.caught_up()
        self._asked = monotonic()
        row = self.row if self.path is not None else None
        remark = "" if row is None else self.instead(row)
        tabular, one = row is not None and self._tabular, row is not None and not self._tabular
        focused = self.table.has_focus or self.grid.has_focus
        self.table.display, self.grid.display = tabular, one
        self.settled()
        if remark or not one:
            self.statistics.show(None)
            self.statistics.display = False
            self.grid.say(remark)
        if self.path is None or row is None:
            return
        if tabular:
            self.table.show(self.path)
        elif not remark:
            self.statistics.show(self.path)
            self.grid.show(self.path, self.without(row))
        if focused:
            self.main.focus(scroll_visible=False)

    def on_value_grid_refine_wanted(self, event: ValueGrid.RefineWanted) -> None:
        event.stop()
        if not self.statistics.refine():
            self.app.bell()  # they are exact, or there are none

    def on_value_grid_known(self, event: ValueGrid.Known) -> None:
        """Have it said of what the numbers are, where they are not the whole tensor's as it is now."""
        event.stop()
        self.statistics.note = event.grid.sheet.note

    def on_gradient_bars_passing(self, event: GradientBars.Passing) -> None:
        event.stop()
        self._ask_again()

    def _ask_again(self) -> None:
        """After a while; nothing tells of a training's steps."""
        if self._again is not None:
            self._again.stop()
        self._again = self.set_timer(max(AGAIN, REST * (monotonic() - self._asked)), self._renew)

    def _renew(self) -> None:
        if self.grid.seeking:
            self._ask_again()
        else:
            self.refresh_values()

    def on_statistics_bar_known(self, event: StatisticsBar.Known) -> None:
        """Let digits and colours follow the whole tensor."""
        event.stop()
        statistics = event.bar.statistics
        if statistics is not None and statistics.passing:
            self._ask_again()
        bounds = [] if statistics is None else [statistics.minimum, statistics.maximum]
        finite = [abs(bound) for bound in bounds if bound is not None and math.isfinite(bound)]
        if statistics is not None and statistics.path == self.grid.sheet.path and finite:
            self.grid.bound(max(finite))
