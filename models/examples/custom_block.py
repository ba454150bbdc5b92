"""Section 1.1, custom blocks: the same network as a class."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class MLP(nn.Module):
    """A perceptron with one hidden layer: `[n, 20]` to `[n, 10]`."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(20, 256)
        self.out = nn.Linear(256, 10)

    def forward(self, X: Tensor) -> Tensor:
        """Return the outputs, of shape `[n, 10]`, for `X` of shape `[n, 20]`."""
        activation = F.relu(self.hidden(X))
        output: Tensor = self.out(activation)
        return output
