"""The third topic of section 2, sharing: one layer in two places."""

from __future__ import annotations

from torch import nn


def build() -> nn.Sequential:
    """Build a network whose layers `2` and `4` are one object: `[n, 4]` to `[n, 1]`."""
    shared = nn.Linear(8, 8)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(8, 1))
