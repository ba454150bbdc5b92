"""Statistics of all tensors below the selection, taken in the background."""

from __future__ import annotations

from textual import on

from tui.screens.explorer_base import ExplorerBase
from tui.widgets.module_tree import parent_of
from tui.widgets.tensor_pane import HOLDERS
from tui.widgets.tensor_table import TensorTable
from tui.widgets.values_pane import ValuesPane


class Measuring(ExplorerBase):
    """Part of the explorer."""

    def action_statistics(self) -> None:
        """Take the statistics of all tensors below the selection, or stop taking them."""
        table = self.query_one(ValuesPane).table
        if table.taking:
            table.stop_statistics()
            self.say("stopped: the statistics so far stay")
        elif self.summary is not None and self.row is not None:
            self.show_tab("values", focus=False)
            table.take_statistics(self.path if self.row.kind in HOLDERS else parent_of(self.row))

    @on(TensorTable.Taken)
    def _taken(self, message: TensorTable.Taken) -> None:
        self.say(message.text)
