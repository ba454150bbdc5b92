"""The states of a gradient, and norms of every kind of tensor."""

import math

import pytest
import torch
from torch import nn

from models.live.gradient_access import GRADIENTS
from models.live.gradients import gradient_row, l2_norm, why_no_gradient
from models.work.cancelled import Cancelled


def test_none_zero_value_and_frozen_are_four_states():
    layer = nn.Linear(2, 3)
    assert gradient_row("w", layer.weight).state == "none"
    assert gradient_row("w", layer.weight).norm is None
    layer.weight.grad = torch.zeros(3, 2)
    assert gradient_row("w", layer.weight).state == "zero"
    layer.weight.grad = torch.full((3, 2), 2.0)
    row = gradient_row("w", layer.weight)
    assert (row.state, row.norm, row.size) == ("value", pytest.approx(math.sqrt(24)), 6)
    layer.bias.requires_grad_(False)
    assert gradient_row("b", layer.bias).state == "frozen"


def test_a_sparse_gradient_sums_what_is_stored_twice():
    table = nn.Embedding(10**6, 64, sparse=True)
    table(torch.tensor([3, 3])).sum().backward()
    assert gradient_row("weight", table.weight).norm == pytest.approx(math.sqrt(64 * 4))


@pytest.mark.parametrize(
    ("tensor", "norm"),
    [
        (torch.full((100_000,), 300.0, dtype=torch.float16), 300 * math.sqrt(100_000)),
        (torch.tensor([1.0, math.inf]), math.inf),
        (torch.tensor([3 + 4j]), 5),
        (torch.ones(1).expand(10**10), 1e5),
        (torch.zeros(0), 0),
        (torch.zeros(3, device="meta"), None),
    ],
)
def test_norms(tensor, norm):
    assert l2_norm(tensor) == (norm if norm is None else pytest.approx(norm, rel=1e-6))


def test_nan_stays_nan():
    parameter = nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([math.nan, 1.0])
    row = gradient_row("p", parameter)
    assert row.state == "value"
    assert math.isnan(row.norm)


def test_lazy_parameters_have_a_row():
    assert gradient_row("w", nn.LazyLinear(2).weight) == gradient_row("w", nn.LazyLinear(2).weight)
    assert gradient_row("w", nn.LazyLinear(2).weight).size == 0


def test_results_of_operations_are_asked_without_a_warning():
    result = nn.Parameter(torch.ones(2)) * 2
    assert GRADIENTS.take([result]).gradients == [None]
    assert "result of an operation" in why_no_gradient(result)
    assert "requires_grad" in why_no_gradient(torch.zeros(2))


def test_a_long_norm_can_be_cancelled():
    with pytest.raises(Cancelled):
        l2_norm(torch.zeros(10), should_cancel=lambda: True)
