"""Three networks that fail, for the page `failing.md`: a NaN, a layer of a wrong size, a weight without gradient."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Loss(nn.Module):
    """Takes the logarithm of what may be negative."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))

    def forward(self, x: Tensor) -> Tensor:
        score = self.body(x)
        return torch.log(score).mean()


class Picture(nn.Module):
    """Flattens 16 channels of 2 by 2 pixels for a layer that was made for 48 features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, stride=4)
        self.flat = nn.Flatten()
        self.proj = nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(self.flat(torch.relu(self.conv(x))))


class Gate(nn.Module):
    """Chooses between two branches by a comparison, which no gradient goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(8, 1)
        self.left = nn.Linear(8, 4)
        self.right = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        open_gate = (self.gate(x) > 0).float()
        return open_gate * self.left(x) + (1 - open_gate) * self.right(x)
