"""No gradient, a zero one, and one with values are three different things."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.gradient_state import ZERO_LIMIT, gradient_states
from models.live.outline import Outline


def states(net: nn.Module) -> dict[str, str]:
    nodes = Outline.of(net).nodes
    return {node.path: state for node, state in zip(nodes, gradient_states(nodes), strict=True)}


def test_each_state() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.BatchNorm1d(2))
    net[1].bias.requires_grad_(False)
    net[0].weight.grad = torch.zeros(2, 2)
    net[0].bias.grad = torch.tensor([0.0, 1e-40])
    net[2].weight.grad = torch.tensor([0.0, torch.nan])
    found = states(net)
    assert found[""] == found["0"] == found["1.bias"] == found["2.running_mean"] == ""
    assert found["1.weight"] == "none"
    assert found["0.weight"] == "zero"
    assert found["0.bias"] == "value"
    assert found["2.weight"] == "value"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.complex64])
def test_dtypes(dtype: torch.dtype) -> None:
    net = nn.Module()
    net.a, net.b = nn.Parameter(torch.ones(3, dtype=dtype)), nn.Parameter(torch.ones(0, dtype=dtype))
    net.a.grad, net.b.grad = torch.zeros_like(net.a), torch.zeros_like(net.b)
    assert states(net) == {"": "", "a": "zero", "b": "zero"}
    net.a.grad[1] = 1
    assert states(net)["a"] == "value"


def test_a_large_gradient_is_not_looked_at() -> None:
    net = nn.Module()
    net.a = nn.Parameter(torch.ones(ZERO_LIMIT + 1))
    net.a.grad = torch.zeros(ZERO_LIMIT + 1)
    assert states(net)["a"] == "value"


def test_sparse_and_meta_gradients() -> None:
    embedding = nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    assert states(embedding)["weight"] == "value"
    meta = nn.Linear(1, 1, device="meta")
    meta.weight.grad = torch.zeros(1, 1, device="meta")
    assert states(meta) == {"": "", "weight": "value", "bias": "none"}
