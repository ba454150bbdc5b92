"""Section 1.3, code in the forward pass: a constant, a layer used twice, a loop that depends on values."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FixedHiddenMLP(nn.Module):
    """A network of one linear layer, called twice: `[n, 20]` to a scalar.

    `rand_weight` is a plain tensor attribute: neither parameter nor buffer, so no optimizer ever changes it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rand_weight = torch.rand(20, 20)
        self.linear = nn.Linear(20, 20)

    def forward(self, X: Tensor) -> Tensor:
        """Return the sum of the activations for `X`, of shape `[n, 20]`, after halving them as often as it takes."""
        X = self.linear(X)
        X = F.relu(torch.mm(X, self.rand_weight) + 1)
        X = self.linear(X)
        while X.abs().sum() > 1:
            X /= 2
        return X.sum()
