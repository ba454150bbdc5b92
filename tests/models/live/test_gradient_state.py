"""No gradient, a zero one, and one with values are three different things."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models import messages as m
from models.live.gradient_state import ZERO_LIMIT, gradient_states
from models.live.gradients import UNREACHED
from models.live.live_tree import LiveTree
from models.session.session import Session
from models.tensors.absence import NO_GRADIENT


def states(net: nn.Module) -> dict[str, str]:
    nodes = LiveTree.of(net).nodes
    return {node.path: state for node, state in zip(nodes, gradient_states(nodes)[0], strict=True)}


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


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, 1), nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.a(x)  # type: ignore[no-any-return]


def test_after_a_backward_no_gradient_is_not_a_matter_of_time() -> None:
    session = Session()
    session.open("mlp")
    net = session.namespace["net"] = session.namespace[session.model.source.name] = Heads()
    session.report_changes([], gradients=False)

    class Context:
        def cancelled(self) -> bool:
            return False

        def progress(self, text: str, done: float | None = None) -> None:
            pass

    def said(path: str) -> tuple[set[str], str, str, str]:
        model = session.live
        rows, _ = model.page(0, 100)
        tensors = model.tensors(m.TensorRows(path="", start=0, count=100), Context())
        bars = model.gradients(m.GradientRows(path="", start=0, count=100), Context())
        states = {row.gradient for row in rows if row.path == path} | {
            *(row.gradient for row in tensors.rows if row.path == path),
            *(row.state for row in bars.rows if row.path == path),
        }
        (info,) = [fact.text for group in model.describe(path) for fact in group.facts if fact.label == "Gradient"]
        values = model.window(m.Window(path=path, of="gradient"))
        return states, info, values.absence, values.reason

    session.live.fold_state.fold("", "all", 100)
    assert said("b.weight") == ({"none"}, NO_GRADIENT, "none", NO_GRADIENT)
    net(torch.rand(1, 2)).sum().backward()
    session.report_changes([], gradients=True)
    session.live.fold_state.fold("", "all", 100)
    assert said("a.weight")[0] == {"value"}
    assert said("b.weight") == ({"unreached"}, UNREACHED, "none", UNREACHED)
    assert " yet" not in UNREACHED
    net.zero_grad()
    session.report_changes([], gradients=True)
    assert said("b.weight")[:2] == ({"none"}, NO_GRADIENT)
