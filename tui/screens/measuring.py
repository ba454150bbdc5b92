"""Statistics of all tensors below the selection, taken in the background."""

from __future__ import annotations

from textual import on

from tui.screens.explorer_base import ExplorerBase
from tui.widgets.grid.tensor_pane import HOLDERS
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.table.tensor_table import TensorTable
from tui.widgets.tree.module_tree import parent_of


class Measuring(ExplorerBase):
    """What the explorer does to take statistics of many tensors."""

    def action_statistics(self) -> None:
        """Take the statistics of all tensors below the selection, or stop taking them."""
        table = self.query_one(ValuesPane).table
        if table.taking:
            table.stop_statistics()
            self.status_message("stopped: the statistics so far stay")
        elif self.summary is not None and self.row is not None:
            self.show_tab("values", focus=False)
            table.take_statistics(self.path if self.row.kind in HOLDERS else parent_of(self.row))

    @on(TensorTable.StatusChanged)
    def _takes(self, message: TensorTable.StatusChanged) -> None:
        taking = message.table.taking.strip(" …")
        self.status.background = f"statistics {taking}" if taking and "statistics" not in taking else taking

    @on(TensorTable.Taken)
    def _taken(self, message: TensorTable.Taken) -> None:
        self.status_message(message.text)
        self.look_anew()  # of a checkpoint the values are known only now
