"""Section 2.1, parameter access: a network small enough to read every number of."""

from __future__ import annotations

from torch import nn


def build() -> nn.Sequential:
    """Build a network of 4 features, 8 hidden units with ReLU and one output: `[n, 4]` to `[n, 1]`."""
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
