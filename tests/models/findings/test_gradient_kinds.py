"""The kinds that are about a backward: what is remarkable after one, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.models.findings.finding import findings, kinds, only, rows
from tests.models.run.trace.recorded import Steps


class Two(nn.Module):
    def __init__(self, forward: Callable[..., object]) -> None:
        super().__init__()
        self.kept, self.lost = nn.Linear(4, 4), nn.Linear(4, 4)
        self.run = forward

    def forward(self, X: Tensor) -> object:
        return self.run(self, X)


CUTS: list[Callable[..., object]] = [
    lambda net, X: net.kept(X) + net.lost(X).detach(),
    lambda net, X: net.kept(X) * (net.lost(X) > 0),
    lambda net, X: net.kept(X) + net.lost(X).argmax(-1, keepdim=True),
    lambda net, X: net.kept(X) * net.lost(X).data,
]


@pytest.mark.parametrize("forward", CUTS)
def test_a_cut_is_a_warning_for_all_that_it_cuts_off(forward: Callable[..., object]) -> None:
    found = only("no_gradient", findings(Two(forward), rows(3, 4), backward=True))
    assert (found.severity, found.path) == ("warning", "lost.weight")
    assert found.text.startswith("no gradient (and 1 more parameter): ")
    assert found.where is not None
    assert found.where.startswith("test_gradient_kinds.py:")
    assert found.call is not None


def test_a_result_that_is_dropped() -> None:
    def forward(net: Two, X: Tensor) -> Tensor:
        net.lost(X)
        return net.kept(X)

    assert only("no_gradient", findings(Two(forward), rows(3, 4), backward=True)).severity == "warning"


def test_what_was_not_called_this_time_is_a_note() -> None:
    found = findings(Two(lambda net, X: net.kept(X)), rows(3, 4), backward=True)
    assert only("no_gradient", found).severity == "note"


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, X: net.layer(X).round(),
        lambda net, X: net.layer(X).sign() * 2,
        lambda net, X: X * net.layer(X).floor(),
    ],
)
def test_steps_without_derivative_are_warnings(forward: Callable[..., object]) -> None:
    found = only("zero_gradient", findings(Steps(forward), rows(3, 4), backward=True))
    assert (found.severity, found.path) == ("warning", "layer.weight")


def test_a_residual_path_that_starts_at_zero_is_a_note() -> None:
    class Start(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.layer, self.scale = nn.Linear(4, 4), nn.Linear(4, 4), nn.Parameter(torch.zeros(1))

        def forward(self, X: Tensor) -> Tensor:
            X = self.first(X)
            return X + self.scale * self.layer(X)

    assert only("zero_gradient", findings(Start(), rows(3, 4), backward=True)).severity == "note"


def deep(activation: type[nn.Module], layers: int, gain: float = 1.0) -> nn.Module:
    net = nn.Sequential(*[each for _ in range(layers) for each in (nn.Linear(32, 32), activation())], nn.Linear(32, 1))
    for layer in net:
        if isinstance(layer, nn.Linear) and gain != 1:
            with torch.no_grad():
                layer.weight.mul_(gain)
    return net


@pytest.mark.parametrize(
    ("net", "kind"),
    [
        (deep(nn.Sigmoid, 30), "vanishing"),
        (deep(nn.Tanh, 60, 0.5), "vanishing"),
        (deep(nn.ReLU, 40, 0.8), "vanishing"),
        (deep(nn.Identity, 30, 5.0), "exploding"),
        (deep(nn.LeakyReLU, 40, 6.0), "exploding"),
        (deep(nn.Sigmoid, 9), "vanishing"),
        (deep(nn.ReLU, 12, 10.0), "exploding"),
        (nn.Sequential(*[nn.Linear(32, 32) for _ in range(60)], nn.Linear(32, 1)), "vanishing"),
    ],
    ids=["sigmoid", "tanh", "relu", "large", "leaky", "few sigmoids", "few with weights of 1", "linear"],
)
def test_gradients_that_shrink_or_grow_with_depth(net: nn.Module, kind: str) -> None:
    torch.manual_seed(0)
    found = findings(net, rows(4, 32), backward=True)
    first, last = net[0].bias.grad.norm(), net[-1].bias.grad.norm()
    assert (first < 1e-6 * last) if kind == "vanishing" else (first > 1e6 * last)
    assert kinds(found) & {"vanishing", "exploding"} == {kind}
    assert only(kind, found).path == "0"


def test_depth_alone_is_no_finding() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(50))
            self.norms = nn.ModuleList(nn.LayerNorm(32) for _ in range(50))

        def forward(self, X: Tensor) -> Tensor:
            for layer, norm in zip(self.layers, self.norms, strict=True):
                X = X + layer(norm(X)).relu()
            return X.mean()

    torch.manual_seed(0)
    assert not kinds(findings(Residual(), rows(4, 32), backward=True))
    assert not kinds(findings(deep(nn.ReLU, 12), rows(16, 32), backward=True)) & {"vanishing", "exploding"}
    assert not kinds(findings(deep(nn.Sigmoid, 4), rows(16, 32), backward=True)) & {"vanishing", "exploding"}


def test_a_write_in_place_is_said_once() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = net.layer(X).sigmoid()
        Y += 1
        return Y

    found = findings(Steps(forward), rows(3, 4), backward=True, may_fail=True)
    conflict = only("inplace_conflict", found)
    assert conflict.severity == "error"
    assert "write Y = Y + 1 instead of Y += 1" in conflict.text
    assert not [each for each in found if each.kind == "failure"]


def test_a_derivative_that_is_not_finite_has_its_line() -> None:
    found = findings(Steps(lambda net, X: (net.layer(X) * 0).sqrt()), rows(3, 4), backward=True)
    (error,) = [each for each in found if each.severity == "error"]
    assert error.kind in ("nan", "inf")
    assert "the derivative of sqrt is infinite at [0, 0]" in error.text
    assert error.where is not None
