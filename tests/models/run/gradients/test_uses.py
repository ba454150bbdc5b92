"""The parts of a gradient, against torch's gradients with respect to each use alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.examples.catalogue import build_example
from tests.models.run.gradients.went_back import went_back
from tests.models.run.trace.recorded import Steps


def test_a_layer_that_is_used_twice() -> None:
    X = torch.rand(2, 4)
    passes = went_back(lambda net, X: net.layer(net.layer(X).sin()), X)
    layer = passes.net.layer
    first, second = (layer.weight.detach().clone().requires_grad_() for _ in range(2))
    inner = X @ first.T + layer.bias
    (inner.sin() @ second.T + layer.bias).sum().backward()
    uses = passes.result.went_back.uses["layer.weight"]
    assert [use.norms[0] for use in uses] == pytest.approx([float(first.grad.norm()), float(second.grad.norm())])
    assert torch.allclose(first.grad + second.grad, layer.weight.grad)
    assert [use.call.index for use in uses] == [row.index for row in passes.rows("Linear")]


def test_the_shared_layer_of_the_document() -> None:
    net = build_example("fixed_hidden_mlp")
    passes = went_back(net, torch.rand(2, 20))
    assert passes.result.went_back.uses.keys() == {"linear.weight", "linear.bias"}
    assert [len(use.norms) for use in passes.result.went_back.uses["linear.weight"]] == [1, 1]


def test_turns_of_a_loop_are_one_row_with_a_norm_each() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        for _ in range(5):
            X = net.layer(X).tanh()
        return X

    torch.manual_seed(1)  # with some weights the turn before the last has a larger one
    (use,) = went_back(forward, torch.rand(2, 4)).result.went_back.uses["layer.weight"]
    assert len(use.norms) == 5
    assert use.report()["times"] == 5
    assert use.report()["norm"] == use.norms[0] == max(use.norms)  # what comes last is nearest to the result


def test_a_view_that_is_made_once_is_no_use_of_its_own() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        weight = net.layer.weight.t()
        return (X @ weight).sin() @ weight

    uses = went_back(forward, torch.rand(2, 4)).result.went_back.uses["layer.weight"]
    assert [use.call.op for use in uses] == ["matmul", "matmul"]


def test_tied_weights_of_two_modules() -> None:
    net = nn.Sequential(nn.Embedding(8, 4), nn.Linear(4, 8, bias=False))
    net[1].weight = net[0].weight
    uses = went_back(net, torch.tensor([1, 2])).result.went_back.uses["0.weight"]
    assert [use.call.op for use in uses] == ["Embedding", "Linear"]


def test_a_parameter_that_is_used_once_has_no_parts() -> None:
    assert went_back(nn.Linear(3, 3), torch.rand(2, 3)).result.went_back.uses == {}
