"""Backward against torch's own, and each thing that can stand in its way."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from models.examples.catalogue import build_example
from models.run.backward import run_backward, zero_gradients


def test_a_result_that_is_no_scalar_is_summed() -> None:
    net = build_example("sequential")
    twin, X = copy.deepcopy(net), torch.rand(2, 20)
    result = run_backward(net(X))
    twin(X).sum().backward()
    assert result.problem is None
    assert result.text == "from the sum of [2, 10] float32, grad_fn AddmmBackward0"
    for mine, theirs in zip(net.parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine.grad, theirs.grad)


def test_in_place_operations_are_no_hindrance() -> None:
    net = build_example("fixed_hidden_mlp")
    result = run_backward(net(torch.rand(2, 20)))
    assert result.problem is None
    assert result.text == "from [] float32, grad_fn SumBackward0"
    assert net.linear.weight.grad is not None
    assert net.rand_weight.grad is None


def test_gradients_are_added_until_they_are_taken_away() -> None:
    net, X = build_example("parameter_access"), torch.rand(2, 4)
    run_backward(net(X))
    once = net[2].bias.grad.clone()
    run_backward(net(X))
    assert torch.equal(net[2].bias.grad, 2 * once)
    net[0].weight.requires_grad_(False)
    zero_gradients(net)
    assert all(parameter.grad is None for parameter in net.parameters())


def test_nested_results_start_at_the_first_that_can() -> None:
    net = nn.Linear(2, 2)
    output = {"mask": torch.tensor([True]), "parts": [torch.rand(2), net(torch.rand(3, 2))]}
    assert run_backward(output).problem is None
    assert torch.equal(net.bias.grad, torch.full((2,), 3.0))


def test_the_graph_can_be_used_once() -> None:
    output = build_example("sequential")(torch.rand(2, 20))
    assert run_backward(output).problem is None
    problem = run_backward(output).problem
    assert problem is not None
    assert "used up" in problem.title
    assert problem.text == "Run forward again."


def inference() -> torch.Tensor:
    with torch.inference_mode():
        return build_example("mlp")(torch.rand(2, 20))


@pytest.mark.parametrize(
    ("output", "title"),
    [
        (None, "There is no result"),
        ("text", "holds no tensor"),
        ([], "holds no tensor"),
        (torch.rand(2), "Nothing in the result requires a gradient"),
        (torch.tensor([1]), "The result is of int64, which has no gradient"),
        (inference(), "inference mode"),
    ],
)
def test_what_stands_in_the_way(output: object, title: str) -> None:
    result = run_backward(output)
    assert result.problem is not None
    assert result.problem.kind == "usage"
    assert title in result.problem.title
    assert result.problem.text


def test_what_a_backward_raises_is_the_models() -> None:
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
            raise ValueError("no way back")

    problem = run_backward(Failing.apply(torch.rand(2, requires_grad=True))).problem
    assert problem is not None
    assert (problem.kind, problem.title) == ("model", "ValueError: no way back")


def test_a_hook_that_ends_the_program_fails_like_any_other() -> None:
    X = torch.rand(2, requires_grad=True)

    def leave(gradient: torch.Tensor) -> None:
        raise SystemExit(5)

    X.register_hook(leave)
    problem = run_backward(X * 2).problem
    assert problem is not None
    assert (problem.kind, problem.title) == ("model", "SystemExit: 5")
