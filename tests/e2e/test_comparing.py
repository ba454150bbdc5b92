"""Comparing in a real terminal: two checkpoints from the command line, and a network with itself after a statement."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pseudo_terminal import Terminal
from torch import nn

READY = "● ready"


def checkpoints(folder: Path) -> tuple[str, str]:
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    torch.save({"model": net.state_dict(), "epoch": 1}, folder / "before.pt")
    with torch.no_grad():
        net[2].weight[1, 4] += 0.5
    state = net.state_dict() | {"extra": torch.ones(2)}
    torch.save({"model": state, "epoch": 2}, folder / "after.pt")
    return str(folder / "before.pt"), str(folder / "after.pt")


def test_two_checkpoints_are_one_tree_with_the_values_of_both(own_state: Path, tmp_path: Path) -> None:
    before, after = checkpoints(tmp_path)
    with Terminal(before, "--with", after, state=own_state) as t:
        t.wait_for("A before.pt · B after.pt", "5 tensors: 1 changed, 1 only in B")
        t.wait_for("2 of 5 differ", "1 → 2", "only in B")
        t.press("/", "2.weight", "enter")
        t.wait_for("v: A   B   [B - A]", "the largest change, at [1, 4]")
        t.press("tab", "m")
        t.wait_for("the largest change", "max 0.5 at [1, 4]")
        t.press("v", "v")
        t.wait_for("v: A   [B]   B - A", "[3, 6] float32")
        t.press("3")
        t.wait_for("Compared", "changed", "Where")
        t.press("D")
        t.wait_for("end the comparison")
        t.press("enter")
        t.wait_for("Modules")
        t.wait_gone("B after.pt")


@pytest.mark.slow
def test_a_network_is_compared_with_itself_after_each_statement(own_state: Path) -> None:
    with Terminal("rgnet", "--seed", "0", state=own_state) as t:
        t.wait_for(READY, "block 0")
        t.press("D")
        t.wait_for("as it was opened")
        t.press("enter")
        t.wait_for("18 tensors, all equal")
        t.press(">", "net[1].bias.data.add_(1); None", "enter")
        t.wait_for("1 of 18 differ")
        t.press("escape", "u")
        t.wait_for("took back")
        t.wait_gone("1 of 18 differ")
