"""The values of the selected tensor or call, or the tensors of the selected module with a filter above them.

Of a tensor that is compared those of A, of B, or B - A.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from models.messages import CallRow, CallTensor, Of, Place, RowDifference, StateChanged, TreeRow
from tui.asking import Ask
from tui.widgets.grid.tensor_pane import HOLDERS, TensorPane
from tui.widgets.table.call_table import outputs_of
from tui.widgets.table.table_bar import HINT, HINT_OF_DIFFERENCES, TableBar
from tui.widgets.table.tensor_columns import title_of
from tui.widgets.table.tensor_table import TensorTable

SIDES: tuple[Of, ...] = ("value", "other", "difference")
"""What can be shown of a tensor that is compared."""
SIDE_NAMES: dict[Of, str] = {"value": "A", "other": "B", "difference": "B - A"}
RUN_SIDES: tuple[Of, ...] = ("difference", "other", "value")
"""The same of a call of run B that is compared with run A."""
RUN_NAMES: dict[Of, str] = {"difference": "B - A", "other": "A", "value": "B"}


class ValuesPane(TensorPane):
    """The values of the selected tensor, or the table of the tensors below the selected module.

    Order, columns and filter stay when another module is selected; `reset` forgets them.
    """

    of: Of = "value"
    table: TensorTable
    compares = False
    """Whether what is selected has two sides."""
    _side: Of = "difference"

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
        of = self.side if self.compares or isinstance(self.row, CallRow) else "value"
        self.statistics.read_of(of)
        self.grid.read_of(of)
        self._update_bar()

    # -- both sides of a comparison

    def compare(self, compares: bool) -> None:
        """Show tensors of both sides, or no more."""
        self.compares, self._side = compares, "difference"
        self.bar.hint = HINT_OF_DIFFERENCES if compares else HINT
        self.reset()
        self.table.compare(compares)

    def differences_grew(self) -> None:
        """Show what came meanwhile; the elements of a tensor are as they were."""
        if self.holder is not None:
            self.refresh_values()

    @property
    def _difference(self) -> RowDifference | None:
        row = self.row
        return row.difference if isinstance(row, TreeRow) and row.kind not in HOLDERS else None

    @property
    def side(self) -> Of:
        """Return which tensor of a comparison is shown: that which the user chose, or one that there is."""
        if isinstance(self.row, CallRow):
            return self._run_side if self._of_both_runs else "value"
        found = self._difference
        if found is not None and found.status in ("only_a", "only_b"):
            return "value" if found.status == "only_a" else "other"
        if found is not None and found.status == "shape" and self._side == "difference":
            return "value"
        return self._side

    def next_side(self) -> str:
        """Show the next one of A, B and B - A, with the cursor where it is; return its name."""
        at = SIDES.index(self.side)
        self._side = SIDES[(at + 1) % len(SIDES)]
        self.refresh_values()
        return SIDE_NAMES[self.side]

    # -- both sides of a call of two runs

    _run_side: Of = "difference"

    @property
    def _of_both_runs(self) -> bool:
        """Return whether there is the same call of the run that is compared with this one's."""
        found = self.row.difference if isinstance(self.row, CallRow) else None
        return found is not None and found.other is not None

    def show(self, path: Place | None, row: TreeRow | CallRow | None = None) -> None:
        if path != self.path or not _is_measured(self.row):
            self._run_side = "difference" if _is_measured(row) else "value"
        super().show(path, row)

    def next_run_side(self) -> bool:
        """Show the next one of B - A, A and B of the selected call; return False where the first comes again."""
        if not self._of_both_runs:
            return False
        at = RUN_SIDES.index(self._run_side) + 1
        self._run_side = RUN_SIDES[at % len(RUN_SIDES)]
        if at < len(RUN_SIDES):
            self.refresh_values()
        return at < len(RUN_SIDES)

    def _largest_change_at(self) -> Sequence[int] | None:
        """Return the index of the largest change of what is shown; None where it is not known."""
        if isinstance(self.row, CallRow) and isinstance(self.path, CallTensor) and self._of_both_runs:
            found, place = self.row.difference, self.path
            is_meant = found is not None and (place.side, place.number) == ("output", found.output)
            return found.index if found is not None and is_meant else None
        return self._difference.index if self.compares and self._difference is not None else None

    def go_to_largest_change(self) -> bool:
        index = self._largest_change_at()
        shape = self.grid.data.shape
        if index is None or shape is None or len(index) != len(shape) or self.grid.index == index:
            return False
        self.grid.go_to(list(index))
        self.grid.show_remark("the largest change")
        return True

    def _of_comparison(self) -> str:
        """Return which side is shown of a tensor that is compared, and where the largest change is."""
        found = self._difference
        if not self.compares or found is None:
            return ""
        names = [f"[{SIDE_NAMES[each]}]" if each == self.side else SIDE_NAMES[each] for each in SIDES]
        where = "" if found.index is None else f" · m: the largest change, at {found.index}"
        text = f" · {found.text}" if found.text else ""
        return f"v: {'   '.join(names)}{where}{text}"

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
            self.bar.show(
                " · ".join(filter(None, [self._progress(), self._of_call(), self._of_comparison()])), filters=False
            )

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
        if self._of_both_runs:
            sides = [f"[{name}]" if of == self.side else name for of, name in RUN_NAMES.items()]
            return f"v: {'  '.join(sides)}  of {'   '.join(texts)}"
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
        if table.shows_statistics and self.compares:
            facts.append("statistics of A")
        if table.shows_statistics and not table.taking:
            known = {row.statistics is not None for row in table.pages.rows()}
            if False in known:
                facts.append("A takes the missing statistics" if True in known else "no statistics yet: A takes them")
        return facts


def _is_measured(row: TreeRow | CallRow | None) -> bool:
    """Return whether it is known how much a call differs, element by element."""
    return isinstance(row, CallRow) and row.difference is not None and row.difference.max_abs is not None
