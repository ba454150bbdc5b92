"""Of `unnoticed`: writes through data that make gradients wrong, and those that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.findings.finding import findings, only
from tests.models.run.gradients.went_back import line_of, went_back
from tests.models.run.trace.recorded import Steps

HERE = "test_unnoticed.py"


def result_written(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).exp()
    Y.data.clamp_(max=1)  # <-
    return Y


def input_written(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X)
    Z = Y * Y
    Y.data[0] = 0  # <-
    return Z


def weight_written(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).tanh() @ net.layer.weight
    net.layer.weight.data.mul_(0.5)  # <-
    return Y


def weight_written_in_a_loop(net: Steps, X: Tensor) -> Tensor:
    for _ in range(3):
        net.layer.weight.data.mul_(0.5)  # <-
        X = net.layer(X).tanh()
    return X


@pytest.mark.parametrize(
    ("forward", "needs", "what"),
    [
        (weight_written_in_a_loop, "layer (Linear)", "layer.weight"),
        (result_written, "exp", "what it gave"),
        (input_written, "mul", "what it read"),
        (weight_written, "matmul", "layer.weight"),
    ],
)
def test_what_makes_gradients_wrong_is_named(forward: Callable[..., Any], needs: str, what: str) -> None:
    passes = went_back(forward, torch.rand(3, 4))
    assert passes.result.problem is None, "torch does not notice it"
    found = passes.result.went_back.unnoticed
    assert found is not None
    assert found.needed_by is not None
    assert found.where == line_of(forward, "# <-", HERE)
    assert found.hint.startswith(f"{needs} at ")
    assert f"needs {what} for backward" in found.hint


def before_it_is_read(net: Steps, X: Tensor) -> Tensor:
    net.layer.weight.data.clamp_(-1, 1)
    return net.layer(X)


def not_needed(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X)
    Z = Y + 1
    Y.data.zero_()
    return Z


def another_part_of_the_memory(net: Steps, X: Tensor) -> Tensor:
    first, second = net.layer(X).chunk(2, -1)
    Y = first * first
    second.data.zero_()
    return Y


def running_statistics(net: Steps, X: Tensor) -> Tensor:
    norm = nn.BatchNorm1d(X.shape[1])
    Y = norm(X * net.layer.weight.sum())
    norm.running_mean.data.zero_()
    return Y


def not_part_of_the_result(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X)
    Z = Y.exp()
    Z.data.zero_()
    return Y


def read_alone(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).exp()
    return Y * Y.data.mean()


@pytest.mark.parametrize(
    "forward",
    [
        before_it_is_read,
        not_needed,
        another_part_of_the_memory,
        running_statistics,
        not_part_of_the_result,
        read_alone,
    ],
)
def test_other_writes_and_reads_are_none(forward: Callable[..., Any]) -> None:
    assert went_back(forward, torch.rand(3, 4)).result.went_back.unnoticed is None


class Written(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return result_written(self, x)  # type: ignore[arg-type]


def test_it_is_a_finding() -> None:
    found = only("inplace_conflict", findings(Written(), torch.rand(3, 4), backward=True))
    assert found.severity == "error"
    assert "the gradients are wrong" in found.text
