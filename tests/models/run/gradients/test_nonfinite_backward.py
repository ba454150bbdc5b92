"""Of `nonfinite`, `element`: the forward call whose derivative is not finite, and networks where none is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.models.run.gradients.went_back import line_of, went_back
from tests.models.run.trace.recorded import Steps

HERE = "test_nonfinite_backward.py"


def sqrt_at_0(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X)
    Z = ((Y - Y.detach()) ** 2).sum(-1)
    return Z.sqrt()  # <-


def distance(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X)
    Z = (Y[:, None] - Y[None]).pow(2).sum(-1)
    return torch.sqrt(Z)  # <-


def divided_behind_where(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 0
    Z = 1 / Y  # <-
    return torch.where(Y > 0, Z, torch.zeros_like(Z))


def log_behind_where(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 0
    Z = Y.log()  # <-
    return torch.where(Y > 0, Z, torch.zeros_like(Z))


def exp_behind_where(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) + 1000
    Z = Y.exp()  # <-
    return torch.where(Y < 10, Z, torch.ones_like(Z))


def root_of_0(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 0
    return Y**0.5  # <-


def acos_of_1(net: Steps, X: Tensor) -> Tensor:
    Y = F.cosine_similarity(net.layer(X), net.layer(X)).round()
    return (Y + net.layer.bias.sum() * 0).acos()  # <-


def norm_by_hand(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 0
    return Y / Y.square().sum(-1, keepdim=True).sqrt().clamp_min(1e-12)  # <-


def spread_of_a_constant(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sum(-1) * 0 + 1
    Z = (Y - Y.mean()).square().mean()
    return Z.sqrt()  # <-


def equal_singular_values(net: Steps, X: Tensor) -> Tensor:
    Y = torch.eye(4) + 0 * net.layer(X).sum()
    return torch.linalg.svd(Y).U  # <-


def log_of_a_saturated_sigmoid(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 0 - 200
    Z = torch.sigmoid(Y)
    return torch.where(Z > 0, Z.log(), Z)  # <-


def own_norm(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) * 0
    return torch.rsqrt(Y + 1e-45).clamp_max(1)  # <-


def overflow_of_half(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).half()
    Z = Y * 60000.0
    return Z * 60000.0 * 1e-8  # <-


class Bad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()  # <-

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient / 0


BROKEN: list[tuple[Callable[..., Any], str]] = [
    (sqrt_at_0, "sqrt"),
    (distance, "sqrt"),
    (divided_behind_where, "rdiv"),
    (log_behind_where, "log"),
    (exp_behind_where, "exp"),
    (root_of_0, "pow"),
    (acos_of_1, "acos"),
    (norm_by_hand, "sqrt"),
    (spread_of_a_constant, "sqrt"),
    (log_of_a_saturated_sigmoid, "log"),
]


@pytest.mark.parametrize(("forward", "op"), BROKEN, ids=[forward.__name__ for forward, _ in BROKEN])
def test_the_derivative_that_is_not_finite(forward: Callable[..., Any], op: str) -> None:
    passes = went_back(forward, torch.rand(3, 4))
    made = passes.result.went_back.nonfinite
    assert made is not None
    assert (made["phase"], made["op"], made["where"]) == ("backward", op, line_of(forward, "# <-", HERE))
    assert f"the derivative of {op}" in made["text"]
    row = passes.trace.calls[made["call"]]
    assert (row.op, row.where) == (made["op"], made["where"])
    assert row.backward.nonfinite
    bad = [path for path, p in passes.net.named_parameters() if p.grad is not None and not p.grad.isfinite().all()]
    assert bad
    assert made["what"] == ("NaN" if any(passes.net.get_parameter(p).grad.isnan().any() for p in bad) else "infinity")


def test_an_infinity_that_becomes_nan_further_back_names_the_infinity() -> None:
    made = went_back(sqrt_at_0, torch.rand(2, 4)).result.went_back.nonfinite
    assert made["what"] == "NaN"
    assert "infinite at [0], where it gave 0" in made["text"]
    assert "it read 0 to 0" in made["text"]
    assert "further back this becomes NaN" in made["text"]
    assert "sqrt(x + 1e-12)" in made["text"]


def test_a_result_that_is_masked_later_is_to_be_masked_before() -> None:
    made = went_back(log_behind_where, torch.rand(2, 4)).result.went_back.nonfinite
    assert "where it read 0; the gradient that came there is 0" in made["text"]
    assert "mask what log reads" in made["text"]


def test_only_the_first_element_that_is_not_finite_is_named() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        return (net.layer.weight * torch.tensor([1.0, 1, 0, 1])).abs().sqrt()

    made = went_back(forward, torch.rand(2, 4)).result.went_back.nonfinite
    assert "at [0, 2]" in made["text"]


def test_finite_gradients_of_uses_that_add_up_to_an_infinity() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        return net.layer.bias * 3e38 + net.layer.bias * 3e38

    made = went_back(forward, torch.rand(2, 4)).result.went_back.nonfinite
    assert made["tensor"] == "layer.bias"
    assert "2 uses of layer.bias are finite, their sum is not" in made["text"]


def test_an_own_function_is_named() -> None:
    passes = went_back(lambda net, X: Bad.apply(net.layer(X)), torch.rand(2, 4))
    made = passes.result.went_back.nonfinite
    assert (made["op"], made["where"]) == ("Bad", line_of(Bad.forward, "# <-", HERE))
    assert passes.trace.calls[made["call"]].op == "clone"
    assert (
        made["text"]
        == "the derivative of Bad gave the first infinity; in all it read " + made["text"].split("read ")[1]
    )


def test_a_forward_that_was_not_finite_already_says_so_first() -> None:
    passes = went_back(lambda net, X: (net.layer(X) - 100).log(), torch.rand(2, 4))
    assert passes.trace.nonfinite["phase"] == "forward"


SOUND: dict[str, Callable[[Steps, Tensor], Tensor]] = {
    "norm at 0": lambda net, X: (net.layer(X) * 0).norm(dim=-1),
    "cdist at 0": lambda net, X: torch.cdist(net.layer(X), net.layer(X)),
    "standard deviation of a constant": lambda net, X: (net.layer(X) * 0).std(-1),
    "cumprod with zeros": lambda net, X: (net.layer(X) * 0).cumprod(-1),
    "relu": lambda net, X: net.layer(X).relu(),
    "masked attention": lambda net, X: (
        net.layer(X).masked_fill(torch.ones(3, 4).triu(1).bool(), -math.inf).softmax(-1)[:, :3] @ X
    ),
    "masked input": lambda net, X: torch.where(
        net.layer(X) > 0, net.layer(X).where(net.layer(X) > 0, 1).log(), net.layer(X)
    ),
    "sqrt with a small number": lambda net, X: ((net.layer(X) * 0).square().sum(-1) + 1e-12).sqrt(),
    "cross entropy": lambda net, X: F.cross_entropy(net.layer(X) * 1000, torch.tensor([0, 1, 2])),
    "large but finite": lambda net, X: net.layer(X) * 1e25,
    "small but not zero": lambda net, X: net.layer(X) * 1e-30,
}


@pytest.mark.parametrize("forward", SOUND.values(), ids=SOUND.keys())
def test_nothing_is_said_of_a_sound_backward(forward: Callable[..., Any]) -> None:
    passes = went_back(forward, torch.rand(3, 4))
    assert passes.result.watched
    assert passes.result.went_back.nonfinite is None
    assert not any(row.backward and row.backward.nonfinite for row in passes.trace.calls)


def test_sound_layers_of_torch() -> None:
    for net, X in (
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.rand(2, 3, 8)),
        (nn.LSTM(4, 4), torch.rand(3, 2, 4)),
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
            torch.rand(2, 1, 8, 8),
        ),
    ):
        assert went_back(net, X).result.went_back.nonfinite is None
