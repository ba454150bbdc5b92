"""The values of the selected tensor, or the tensors of the selected module with a filter above them."""

from __future__ import annotations

from textual.app import ComposeResult

from models.messages import Of, TreeRow
from tui.asking import Ask
from tui.widgets.table_bar import TableBar
from tui.widgets.tensor_columns import title_of
from tui.widgets.tensor_pane import TensorPane
from tui.widgets.tensor_table import TensorTable


class ValuesPane(TensorPane):
    """Order, columns and filter stay when another module is selected; `reset` forgets them."""

    of: Of = "value"
    table: TensorTable

    def make_table(self, ask: Ask) -> TensorTable:
        return TensorTable(ask)

    def compose(self) -> ComposeResult:
        self.bar = TableBar()
        yield self.bar
        yield from super().compose()

    def instead(self, row: TreeRow) -> str:
        """Something that is no tensor, such as an epoch."""
        return f"{row.dtype}: {row.detail}" if row.kind == "item" else ""

    def settled(self) -> None:
        self._tell()

    def reset(self) -> None:
        """Another model is open: no filter, the tree's order, no statistics under way."""
        self.bar.drop()
        self.table.clear()
        self._tell()

    # -- the filter

    def on_tensor_table_filter_wanted(self, event: TensorTable.FilterWanted) -> None:
        event.stop()
        self.bar.open()
        self._tell()

    def on_tensor_table_told(self, event: TensorTable.Told) -> None:
        event.stop()
        self._tell()

    def on_table_bar_changed(self, event: TableBar.Changed) -> None:
        event.stop()
        self.table.filter(event.text)

    def on_table_bar_left(self, event: TableBar.Left) -> None:
        event.stop()
        if event.dropped or not self.bar.input.value.strip():
            self.bar.drop()
        self.bar.typing = False
        self.table.filter(self.bar.input.value)
        self._tell()
        self.table.focus(scroll_visible=False)

    # -- the line above the table

    def _tell(self) -> None:
        table = self.table
        if table.display:
            self.bar.tell(" · ".join(filter(None, [self._progress(), *self._facts()])), table.trouble)
        else:
            self.bar.tell(self._progress(), filters=False)

    def _progress(self) -> str:
        return f"A stops · {self.table.taking}" if self.table.taking else ""

    def _facts(self) -> list[str]:
        table = self.table
        listing = table.listing
        if table.waiting:
            return [table.waiting]
        facts = []
        if listing.query:
            facts.append(f"{table.count:,} of {table.all:,}")
            if table.known is not None and table.known < table.all:
                facts.append(f"{table.known:,} with statistics")
        if listing.order == "tree" or not table.shows_order:
            facts.append(title_of(listing.order, listing.descending))
        if table.shows_statistics and not table.taking:
            known = {row.statistics is not None for row in table.pages.rows()}
            if False in known:
                facts.append("A takes the missing statistics" if True in known else "no statistics yet: A takes them")
        return facts
