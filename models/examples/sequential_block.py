"""Section 1.2, the sequential block: what a container of layers has to do."""

from __future__ import annotations

from torch import Tensor, nn


class MySequential(nn.Module):
    """A container that calls its modules in sequence; they are registered as `0`, `1`, …"""

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__()
        for position, module in enumerate(modules):
            self.add_module(str(position), module)

    def forward(self, X: Tensor) -> Tensor:
        """Return what the last module returns for `X`, passed through all of them."""
        for module in self.children():
            X = module(X)
        return X


def build() -> MySequential:
    """Build the layers of section 1 in a `MySequential`: `[n, 20]` to `[n, 10]`."""
    return MySequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
