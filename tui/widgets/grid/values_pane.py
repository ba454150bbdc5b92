"""The values of the selected tensor or call, or the tensors of the selected module with a filter above them."""

from __future__ import annotations

from textual.app import ComposeResult

from models.messages import CallRow, CallTensor, Of, StateChanged, TreeRow
from tui.asking import Ask
from tui.widgets.grid.tensor_pane import TensorPane
from tui.widgets.table.call_table import outputs_of
from tui.widgets.table.table_bar import TableBar
from tui.widgets.table.tensor_columns import title_of
from tui.widgets.table.tensor_table import TensorTable


class ValuesPane(TensorPane):
    """The values of the selected tensor, or the table of the tensors below the selected module.

    Order, columns and filter stay when another module is selected; `reset` forgets them.
    """

    of: Of = "value"
    table: TensorTable

    def make_table(self, ask: Ask) -> TensorTable:
        return TensorTable(ask)

    def compose(self) -> ComposeResult:
        self.bar = TableBar()
        yield self.bar
        yield from super().compose()

    def instead(self, row: TreeRow | CallRow) -> str:
        """Return what something is that is no tensor, such as an epoch."""
        if isinstance(row, TreeRow) and row.kind == "item":
            return f"{row.dtype}: {row.detail}"
        return super().instead(row)

    def model_changed(self, change: StateChanged) -> None:
        # A module's table costs little, and shows gradients and what is frozen besides values.
        if change.values or change.gradients or self.holder is not None:
            self.refresh_values()

    def settled(self) -> None:
        self._update_bar()

    def reset(self) -> None:
        """Forget filter and order, and stop taking statistics: another model is open."""
        self.bar.drop()
        self.table.clear()
        self._update_bar()

    # -- the filter

    def on_tensor_table_filter_wanted(self, event: TensorTable.FilterWanted) -> None:
        event.stop()
        self.bar.open()
        self._update_bar()

    def on_tensor_table_status_changed(self, event: TensorTable.StatusChanged) -> None:
        self._update_bar()  # what is taken stands in the line on top, too

    def on_table_bar_changed(self, event: TableBar.Changed) -> None:
        event.stop()
        self.table.filter(event.text)

    def on_table_bar_left(self, event: TableBar.Left) -> None:
        event.stop()
        if event.dropped or not self.bar.input.value.strip():
            self.bar.drop()
        self.bar.typing = False
        self.table.filter(self.bar.input.value)
        self._update_bar()
        self.table.focus(scroll_visible=False)

    # -- the line above the table

    def _update_bar(self) -> None:
        table = self.table
        if table.display:
            self.bar.show(" · ".join(filter(None, [self._progress(), *self._facts()])), table.trouble or table.remark)
        else:
            self.bar.show(" · ".join(filter(None, [self._progress(), self._of_call()])), filters=False)

    def _of_call(self) -> str:
        """Return which of its tensors is shown of a call, and which the others are."""
        place, row = self.path, self.row
        if not isinstance(place, CallTensor) or not isinstance(row, CallRow):
            return ""
        outputs = outputs_of(row)
        texts = [f"output {shape}".strip() for shape in outputs] + [f"input {shape}" for shape in row.inputs]
        shown = place.number + (len(outputs) if place.side == "input" else 0)
        if shown < len(texts):
            texts[shown] = f"[{texts[shown]}]"
        return ("v: " if len(texts) > 1 else "") + "   ".join(texts)

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
