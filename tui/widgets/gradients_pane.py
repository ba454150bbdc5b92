"""The gradient of the selected tensor, or the gradient norms of the selected module's parameters."""

from __future__ import annotations

from models.engine.messages import Of, TreeRow
from tui.asking import Ask
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.tensor_pane import TensorPane

NEVER = {
    "buffer": "A buffer is no parameter: it receives no gradient.",
    "state": "An optimizer's own tensor receives no gradient.",
    "item": "This is no tensor.",
    "constant": "A constant is no parameter: it receives no gradient.",
}


class GradientsPane(TensorPane):
    of: Of = "gradient"

    def make_table(self, ask: Ask) -> GradientBars:
        return GradientBars(ask)

    def without(self, row: TreeRow) -> str:
        if row.frozen and row.kind == "parameter":
            return "Frozen: requires_grad is False, so backward leaves it out."
        return NEVER.get(row.kind, "")
