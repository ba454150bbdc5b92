"""Section 2.2, initialisation: ready-made initialisers and one of our own, each for `module.apply`."""

from __future__ import annotations

import torch
from torch import nn

from . import parameter_access


def init_normal(module: nn.Module) -> None:
    """Weights from a normal distribution of deviation 0.01, biases zero."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, mean=0.0, std=0.01)
        nn.init.zeros_(module.bias)


def init_constant(module: nn.Module) -> None:
    """Every weight 1, biases zero."""
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 1)
        nn.init.zeros_(module.bias)


def init_xavier(module: nn.Module) -> None:
    """Weights uniform in ±√(6 / (in_features + out_features))."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)


def init_42(module: nn.Module) -> None:
    """Every weight 42."""
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 42)


def my_init(module: nn.Module) -> None:
    """Weights uniform in -10 to 10, then those of magnitude under 5 set to 0."""
    if isinstance(module, nn.Linear):
        nn.init.uniform_(module.weight, -10, 10)
        with torch.no_grad():
            module.weight[module.weight.abs() < 5] = 0


def build() -> nn.Sequential:
    """The layers of section 2.1 after every initialiser in turn: `my_init` has the last word on the weights."""
    net = parameter_access.build()
    net.apply(init_normal)
    net.apply(init_constant)
    net[0].apply(init_xavier)
    net[2].apply(init_42)
    net.apply(my_init)
    return net
