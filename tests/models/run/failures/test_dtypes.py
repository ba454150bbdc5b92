"""Of `dtypes`, `devices`: two dtypes or devices that met."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, assert_mended_before, hint_of


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(4, 4), torch.rand(2, 4).double()),
        (nn.Linear(4, 4), torch.ones(2, 4).long()),
        (nn.Linear(4, 4).bfloat16(), torch.rand(2, 4)),
        (nn.Conv2d(3, 4, 1), torch.rand(2, 3, 4, 4).half()),
        (nn.LSTM(5, 3), torch.rand(2, 3, 5).double()),
        (nn.GRUCell(5, 3), torch.rand(3, 5).double()),
        (nn.MultiheadAttention(4, 2), torch.rand(3, 2, 4).double()),
    ],
)
def test_a_layer_and_its_input(layer: nn.Module, x: Tensor) -> None:
    args = (x, x, x) if isinstance(layer, nn.MultiheadAttention) else (x,)
    called = Made(lambda self, x: layer(*[x] * len(args)), layer=layer)
    wanted = str(next(layer.parameters()).dtype)
    got = str(x.dtype).removeprefix("torch.")
    hint = hint_of(called, x)
    assert f"has weights of {wanted.removeprefix('torch.')}, got {got} from the network's input" in hint
    if len(args) == 1:
        assert_mended_before(layer, x, said=f"`.to({wanted})` before it fits")
    else:
        called(x.to(next(layer.parameters()).dtype))


def test_two_tensors() -> None:
    net = Made(lambda self, x, y: x @ y)
    hint = hint_of(net, torch.rand(2, 3), torch.ones(3, 2).long())
    assert hint.endswith("`.to(torch.float32)` of the second fits")
    torch.rand(2, 3) @ torch.ones(3, 2).long().to(torch.float32)
    hint = hint_of(net, torch.ones(2, 3).long(), torch.rand(3, 2))
    assert hint.endswith("`.to(torch.float32)` of the first fits")
    assert hint_of(net, torch.rand(2, 3), torch.rand(3, 2).double()).endswith("by `.to(...)` of one of them")


def test_under_autocast_it_is_something_else() -> None:
    net = Made(lambda self, x: self.fc(x), fc=nn.Linear(4, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert "expects 4 features, got 3" in hint_of(net, torch.rand(2, 3).double())


def test_devices() -> None:
    hint = hint_of(nn.Sequential(nn.Linear(4, 4)), torch.ones(2, 4, device="meta"))
    assert hint.startswith("`0` got [2, 4] on meta from the network's input, and [4, 4] on cpu from `0.weight`")
    hint = hint_of(nn.Sequential(nn.Linear(4, 4, device="meta")), torch.ones(2, 4))
    assert hint.endswith(": what is on meta has no values, so it has to be made anew on cpu")
    net = Made(lambda self, x: torch.cat([x, torch.ones(4, device="meta")]))
    assert "on cpu from the network's input, and [4] on meta from `ones`" in hint_of(net, torch.ones(2))
