"""The gradient of the selected tensor, at the output of the selected call, or the norms of a module's parameters."""

from __future__ import annotations

from textual.app import ComposeResult

from models.messages import CallRow, CallTensor, Of, Place, StateChanged, TreeRow
from tui.asking import Ask
from tui.widgets.grid.gradient_depth import GradientDepth
from tui.widgets.grid.tensor_pane import TensorPane
from tui.widgets.table.gradient_bars import GradientBars

NEVER = {
    "buffer": "A buffer is no parameter: it receives no gradient.",
    "constant": "A constant is no parameter: it receives no gradient.",
}


class GradientsPane(TensorPane):
    """The gradient of the selected tensor, or the gradient norms of the parameters below the selected module."""

    of: Of = "gradient"

    def __init__(self, ask: Ask, *, id: str | None = None) -> None:
        super().__init__(ask, id=id)
        self.depth = GradientDepth()

    def compose(self) -> ComposeResult:
        yield self.depth
        yield from super().compose()

    def settled(self) -> None:
        if not self.table.display or self.path != self.table.path:
            self.depth.show((), "")  # of another module: until its own come

    def on_gradient_bars_layers(self, event: GradientBars.Layers) -> None:
        event.stop()
        if event.path == self.path and self.table.display:
            self.depth.show(event.layers, event.path)

    def on_gradient_depth_chosen(self, event: GradientDepth.Chosen) -> None:
        event.stop()
        self.post_message(self.table.PathChosen(self.table, event.path))

    def show(self, path: Place | None, row: TreeRow | CallRow | None = None) -> None:
        """Show the gradient of what is selected; of a call that of its output, whichever tensor is shown elsewhere."""
        super().show(CallTensor(run=path.run, call=path.call) if isinstance(path, CallTensor) else path, row)

    def model_changed(self, change: StateChanged) -> None:
        if change.gradients:
            self.refresh_values()

    def make_table(self, ask: Ask) -> GradientBars:
        return GradientBars(ask)

    def without(self, row: TreeRow | CallRow) -> str:
        if isinstance(row, CallRow):
            return ""
        if row.frozen and row.kind == "parameter":
            return "Frozen: requires_grad is False, so backward leaves it out."
        return NEVER.get(row.kind, "")
