"""Why `cat` and `stack` of tensors that differ fail."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, code_of, hint_of


def joined(dim: int) -> nn.Module:
    return Made(lambda self, x, y: torch.cat([x, y], dim))


def test_the_sides_of_a_u_net() -> None:
    net = Made(
        lambda self, x: torch.cat([self.up(self.down(x)), x], 1),
        down=nn.Conv2d(2, 4, 3, stride=2),
        up=nn.ConvTranspose2d(4, 2, 2, stride=2),
    )
    hint = hint_of(net, torch.rand(1, 2, 9, 8))
    assert "joins [1, 2, 8, 6] from `up` and [1, 2, 9, 8] from the network's input" in hint
    assert ": they differ in dimension 2, 8 and 9, dimension 3, 6 and 8; `[..., :8, :6]` of the second fits" in hint
    x = torch.rand(1, 2, 9, 8)
    torch.cat([net.up(net.down(x)), x[..., :8, :6]], 1)


def test_another_dimension() -> None:
    for x, y in ((torch.rand(2, 6), torch.rand(3, 6)), (torch.rand(2, 6, 4), torch.rand(3, 6, 4))):
        found = re.search(r"`dim=(\d)` fits", hint_of(joined(1), x, y))
        assert found is not None
        torch.cat([x, y], int(found[1]))


def test_a_dimension_that_is_missing() -> None:
    x, y = torch.rand(2, 6, 4), torch.rand(2, 4)
    hint = hint_of(joined(1), x, y)
    assert "they have 3 and 2 dimensions; `.unsqueeze(1)` of the one with 2 fits" in hint
    second: Tensor = eval(f"y{code_of(hint)}", {"y": y})
    torch.cat([x, second], 1)


def test_what_only_differs() -> None:
    hint = hint_of(joined(1), torch.rand(2, 6), torch.rand(3, 5))
    assert hint.endswith("they differ in dimension 0, 2 and 3")
    hint = hint_of(Made(lambda self, x, y: torch.stack([x, x, y])), torch.rand(2, 6), torch.rand(3, 5))
    assert hint.endswith("they differ in dimension 0, 2 and 3, dimension 1, 6 and 5")
