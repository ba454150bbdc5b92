"""Section 2.2, initialisation: ready-made initialisers and one of our own, each for `nn.Module.apply`."""

from __future__ import annotations

import torch
from torch import nn

from . import parameter_access


def init_normal(module: nn.Module) -> None:
    """Draw the weights of a linear layer from a normal distribution of standard deviation 0.01; set its biases to 0."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, mean=0.0, std=0.01)
        nn.init.zeros_(module.bias)


def init_constant(module: nn.Module) -> None:
    """Set the weights of a linear layer to 1 and its biases to 0."""
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 1)
        nn.init.zeros_(module.bias)


def init_xavier(module: nn.Module) -> None:
    """Draw the weights of a linear layer uniformly from ±√(6 / (in_features + out_features)).

    Glorot and Bengio, 2010, equation 16.
    """
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)


def init_42(module: nn.Module) -> None:
    """Set the weights of a linear layer to 42."""
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 42)


def my_init(module: nn.Module) -> None:
    """Draw the weights of a linear layer uniformly from -10 to 10, then set those of magnitude under 5 to 0."""
    if isinstance(module, nn.Linear):
        nn.init.uniform_(module.weight, -10, 10)
        with torch.no_grad():
            module.weight[module.weight.abs() < 5] = 0


def build() -> nn.Sequential:
    """Build the layers of section 2.1 and apply every initialiser in turn: the weights are those of `my_init`."""
    net = parameter_access.build()
    net.apply(init_normal)
    net.apply(init_constant)
    net[0].apply(init_xavier)
    net[2].apply(init_42)
    net.apply(my_init)
    return net
