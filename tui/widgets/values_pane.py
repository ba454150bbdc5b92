"""The values of the selected tensor, or the tensors of the selected module."""

from __future__ import annotations

from models.engine.messages import Of
from tui.asking import Ask
from tui.widgets.tensor_pane import TensorPane
from tui.widgets.tensor_table import TensorTable


class ValuesPane(TensorPane):
    of: Of = "value"

    def make_table(self, ask: Ask) -> TensorTable:
        return TensorTable(ask)
