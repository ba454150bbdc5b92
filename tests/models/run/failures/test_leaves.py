"""Of `leaves`: parameters that an operation would change in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, hint_of


def add_(self: nn.Module, x: Tensor) -> Tensor:
    self.count += 1
    return x * self.count


def assigned(self: nn.Module, x: Tensor) -> Tensor:
    self.count[0] = 1
    return x * self.count


def of_a_view(self: nn.Module, x: Tensor) -> Tensor:
    self.count[:1].mul_(2)
    return x * self.count


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (add_, "add_ would change the parameter `count` in place, while its gradient is recorded: `count + …` gives"),
        (assigned, "__setitem__ would change a view of the parameter `count` in place"),
        (of_a_view, "mul_ would change a view of"),
    ],
)
def test_a_parameter_changed_in_place_is_named(forward: Callable[..., object], said: str) -> None:
    hint = hint_of(Made(forward, count=nn.Parameter(torch.zeros(3))), torch.rand(2, 3))
    assert said in hint
    assert hint.endswith("within `torch.no_grad()` it may be changed; what is not learnt is a buffer")
