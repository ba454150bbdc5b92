"""The gradient of the selected tensor, or the gradient norms of the selected module's parameters."""

from __future__ import annotations

from models.messages import Of, TreeRow
from tui.asking import Ask
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.tensor_pane import TensorPane

WITHOUT_CODE = (
    "A file of tensors has no gradients: they come from running the network. "
    "Open what builds it, FILE.py:NAME, to run it forward and backward."
)
NEVER = {
    "buffer": "A buffer is no parameter: it receives no gradient.",
    "constant": "A constant is no parameter: it receives no gradient.",
}


class GradientsPane(TensorPane):
    of: Of = "gradient"
    has_code = True
    """Whether what is open can run; tensors of a file have no gradients, and never will."""

    def instead(self, row: TreeRow) -> str:
        return "" if self.has_code else WITHOUT_CODE

    def make_table(self, ask: Ask) -> GradientBars:
        return GradientBars(ask)

    def without(self, row: TreeRow) -> str:
        if row.frozen and row.kind == "parameter":
            return "Frozen: requires_grad is False, so backward leaves it out."
        return NEVER.get(row.kind, "")
