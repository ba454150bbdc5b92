"""Section 2.1.3, parameters of nested blocks: blocks made by functions, and blocks of blocks."""

from __future__ import annotations

from torch import nn


def block1() -> nn.Sequential:
    """Build two linear layers, each with ReLU: `[n, 4]` to `[n, 4]`."""
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU())


def block2() -> nn.Sequential:
    """Build four of `block1` in sequence, named `block 0` to `block 3`: `[n, 4]` to `[n, 4]`."""
    blocks = nn.Sequential()
    for index in range(4):
        blocks.add_module(f"block {index}", block1())
    return blocks


def build() -> nn.Sequential:
    """Build `block2` and a last linear layer: `[n, 4]` to `[n, 1]`."""
    return nn.Sequential(block2(), nn.Linear(4, 1))
