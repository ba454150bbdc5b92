"""A sound network: how it is built, and what it is given.  Files beside this one hold those of a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Sound:
    """One network that nothing is wrong with."""

    name: str
    build: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]


def floats(*shape: int) -> Tensor:
    """Return normal numbers."""
    return torch.randn(shape)


def tokens(*shape: int, below: int = 50) -> Tensor:
    """Return whole numbers from 1 on."""
    return torch.randint(1, below, shape)
