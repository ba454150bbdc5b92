"""Section 1, layers and blocks: a network as a list of layers."""

from __future__ import annotations

from torch import nn


def build() -> nn.Sequential:
    """Build a network of 20 features, 256 hidden units with ReLU and 10 outputs: `[n, 20]` to `[n, 10]`."""
    return nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
