"""Why a gradient is exactly zero: the operation whose derivative is, and nothing where the gradient is not zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.run.gradients.watch import BackwardWatch, GraphStep
from tests.models.run.gradients.went_back import line_of, went_back
from tests.models.run.trace.recorded import Steps

HERE = "test_zeros.py"


def dead_units(net: Steps, X: Tensor) -> Tensor:
    return (net.layer(X) - 100).relu()  # <-


def rounded(net: Steps, X: Tensor) -> Tensor:
    return net.layer(X).round() * 3  # <-


def signs(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sign()  # <-
    return Y.sum()


def floors(net: Steps, X: Tensor) -> Tensor:
    return X * net.layer(X).floor()  # <-


def clamped(net: Steps, X: Tensor) -> Tensor:
    return (net.layer(X) + 50).clamp(-1, 1)  # <-


def drawn(net: Steps, X: Tensor) -> Tensor:
    Y = torch.sigmoid(net.layer(X))
    return torch.bernoulli(Y) * 2  # <-


def drawn_about_a_mean(net: Steps, X: Tensor) -> Tensor:
    return torch.normal(net.layer(X), 1.0) * 2  # <-


def times_zero(net: Steps, X: Tensor) -> Tensor:
    return net.layer(X) * 0.0  # <-


def of_one_class(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sum(-1, keepdim=True)
    return (Y.softmax(-1) * 2).square()  # <-


def all_dropped(net: Steps, X: Tensor) -> Tensor:
    return F.dropout(net.layer(X), 1.0)  # <-


def other_branch(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X)
    return torch.where(torch.zeros_like(X, dtype=torch.bool), Y, X * 2)  # <-


def all_masked(net: Steps, X: Tensor) -> Tensor:
    return net.layer(X).masked_fill(torch.ones_like(X, dtype=torch.bool), 0)  # <-


def saturated(net: Steps, X: Tensor) -> Tensor:
    return torch.tanh(net.layer(X) + 1000)  # <-


def written_over(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 1
    Y[:] = 0  # <-
    return Y


def out_of_range(net: Steps, X: Tensor) -> Tensor:
    return F.hardsigmoid(net.layer(X) + 100)  # <-


KINDS = [dead_units, rounded, signs, floors, clamped, drawn, times_zero, of_one_class, all_dropped, other_branch]
KINDS += [drawn_about_a_mean, all_masked, saturated, written_over, out_of_range]


@pytest.mark.parametrize("forward", KINDS)
def test_the_operation_that_makes_it_zero(forward: Callable[..., Any]) -> None:
    passes = went_back(forward, torch.rand(3, 4))
    for path in ("layer.weight", "layer.bias"):
        assert not passes.net.get_parameter(path).grad.any()
        reason = passes.result.went_back.reasons[path]
        assert (reason.cause, reason.where) == ("zero", line_of(forward, "# <-", HERE))


def test_a_weight_that_multiplies_zeros() -> None:
    reasons = went_back(lambda net, X: net.layer(X * 0), torch.rand(3, 4)).result.went_back.reasons
    assert reasons.keys() == {"layer.weight"}
    assert "what it multiplies this with is 0" in reasons["layer.weight"].text


def test_uses_that_cancel() -> None:
    passes = went_back(lambda net, X: (net.layer.bias - net.layer.bias.clone()).sum(), torch.rand(3, 4))
    assert "cancel each other" in passes.result.went_back.reasons["layer.bias"].text


def test_a_gradient_that_is_not_zero_has_no_reason() -> None:
    assert went_back(lambda net, X: net.layer(X).relu() + net.layer(X), torch.rand(3, 4)).result.went_back.reasons == {}
    assert went_back(lambda net, X: net.layer(X) * 1e-30, torch.rand(3, 4)).result.went_back.reasons == {}


def test_many_layers_of_which_none_learns_are_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = 200
    asked = 0
    arrived = BackwardWatch.arrived

    def counted(self: BackwardWatch, step: GraphStep) -> float | None:
        nonlocal asked
        asked += 1
        return arrived(self, step)

    monkeypatch.setattr(BackwardWatch, "arrived", counted)
    deep = [nn.Linear(4, 4, bias=False) for _ in range(layers)]

    class Deep(nn.Sequential):
        def forward(self, X: Tensor) -> Tensor:
            for layer in deep:
                X = layer(X)
            return X.round().sum()  # the derivative of which is 0

    found = went_back(Deep(*deep), torch.rand(2, 4)).result.went_back.reasons
    assert len(found) == layers
    assert {reason.text.partition(" at ")[0] for reason in found.values()} == {"exactly 0 from round"}
    assert asked < 30 * layers, "each step some times, and not once for each layer below it"


def constant(net: Steps, X: Tensor) -> Tensor:
    return (net.layer(X).softmax(-1) * 0.37).sum()  # <-


def sure(net: Steps, X: Tensor) -> Tensor:
    return ((net.layer(X) + torch.arange(4) * 30).softmax(-1) * torch.arange(4)).sum()


def test_a_softmax_behind_which_only_rounding_is_left_and_one_that_is_sure() -> None:
    X = torch.rand(256, 4)  # of few rows what is left is often 0
    found = went_back(constant, X).result.went_back.rounding
    assert found is not None
    assert found.where == line_of(constant, "# <-", HERE)
    passes = went_back(sure, X)
    assert 0 < passes.net.get_parameter("layer.weight").grad.norm() < 1e-5
    assert passes.result.went_back.rounding is None, "its gradient is what it ought to be"
