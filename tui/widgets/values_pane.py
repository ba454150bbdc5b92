"""The values of the selected tensor, or the tensors of the selected module with a filter above them."""

from __future__ import annotations

from textual.app import ComposeResult

from models.engine.messages import Of, TreeRow
from tui.asking import Ask
from tui.widgets.table_bar import TableBar
from tui.widgets.tensor_pane import TensorPane
from tui.widgets.tensor_table import TensorTable


class ValuesPane(TensorPane):
    of: Of = "value"

    def make_table(self, ask: Ask) -> TensorTable:
        return TensorTable(ask)

    def compose(self) -> ComposeResult:
        self.bar = TableBar()
        yield self.bar
        yield from super().compose()

    def without(self, row: TreeRow) -> str:
        return f"{row.dtype}: {row.detail}" if row.kind == "item" else ""

    def settled(self) -> None:
        self._tell()

    def on_tensor_table_filter_wanted(self, event: TensorTable.FilterWanted) -> None:
        event.stop()
        self.bar.open()
        self._tell()

    def on_tensor_table_told(self, event: TensorTable.Told) -> None:
        event.stop()
        self._tell()

    def on_table_bar_changed(self, event: TableBar.Changed) -> None:
        event.stop()
        assert isinstance(self.table, TensorTable)
        self.table.filter(event.text)

    def on_table_bar_left(self, event: TableBar.Left) -> None:
        event.stop()
        assert isinstance(self.table, TensorTable)
        if event.dropped or not self.table.query_text:
            self.bar.drop()
            self.table.filter("")
        self._tell()
        self.table.focus(scroll_visible=False)

    def _tell(self) -> None:
        table = self.table
        assert isinstance(table, TensorTable)
        if not table.display:
            self.bar.display = False
        elif table.trouble:
            self.bar.tell(table.trouble, trouble=True)
        elif table.taking:
            self.bar.tell(f"{table.taking} (A stops)")
        elif table.query_text:
            self.bar.tell(f"{table.count:,} of {table.all:,}")
        elif table.shows_statistics and table.count and not any(row.statistics for row in table.pages.rows()):
            self.bar.tell("no statistics yet: A takes them")
        else:
            self.bar.tell("")
