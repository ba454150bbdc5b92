"""A call as what is selected, in a real terminal: its values, its gradient, the dataflow walked, a run repeated."""

from __future__ import annotations

from pathlib import Path

from pseudo_terminal import Terminal

READY = "● ready"
NETWORK = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)

    def forward(self, x):
        return x + self.inner(x).relu()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.block = Block()
        self.drop = nn.Dropout()

    def forward(self, x):
        x = self.block(self.first(x))
        return self.drop(x.repeat(1, 300_000))
"""


def test_a_call_is_looked_at_walked_from_and_kept_by_running_again(own_state: Path, tmp_path: Path) -> None:
    file = tmp_path / "residual.py"
    file.write_text(NETWORK)
    with Terminal(f"{file}:Net", "--input", "2x4", "--seed", "0", state=own_state) as t:
        t.wait_for(READY, "block")
        t.press("f")
        t.wait_for("Calls 8")
        t.press("6")
        t.wait_for("#0 Net")
        t.press("jjjjj")  # 0 Net, 1 first, 2 block: 3 inner, 4 relu, 5 add
        t.wait_for("#5 add in block", "[output [2, 8]]", "16 elements")
        t.press("4")
        t.wait_for("●12", "return x + self.inner(x).relu()")
        t.press("3")
        t.wait_for("Dataflow", "1 Linear first", "4 relu in block")
        t.wait_for("◆─┘")  # the residual path goes past the layer
        t.press("b")
        t.wait_for("gradients are there")
        t.press("2")
        t.wait_for("16 elements", "[2, 8] float32")
        t.press("6jj")  # 6 repeat, 7 Dropout
        t.wait_for("#7 Dropout drop")
        t.press("1")
        t.wait_for("Not kept: it takes 18.3 MB", "V runs again")
        t.press("V")
        t.wait_for("the same numbers in all 8 calls", "4,800,000 elements")
        t.press("v")
        t.wait_for("[input [2, 2400000]]", "zeros 0")
        t.press("escape")
        t.wait_for("▌Modules")
        t.wait_gone("#7 Dropout")
