"""Where the graph was cut, when nothing in a result requires a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.run.gradients.went_back import line_of, went_back
from tests.models.run.trace.recorded import Steps

HERE = "test_no_graph.py"


def detached(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).detach()  # <-
    return Y.sin()


def under_no_grad(net: Steps, X: Tensor) -> Tensor:
    with torch.no_grad():  # <-
        return net.layer(X)


def compared(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) > 0  # <-
    return Y.float().mean()


def chosen(net: Steps, X: Tensor) -> Tensor:
    return net.layer(X).argmax(-1)  # <-


def by_numbers(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sum()
    return torch.tensor(Y.detach()) * 2  # <-


@pytest.mark.parametrize("forward", [detached, under_no_grad, compared, chosen, by_numbers])
@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
def test_the_line_that_cuts_it(forward: Callable[..., Any]) -> None:
    problem = went_back(forward, torch.rand(3, 4)).result.problem
    assert problem is not None
    assert problem.title == "Nothing in the result requires a gradient"
    assert problem.text.startswith("The graph ends on the way: ")
    assert line_of(forward, "# <-", HERE) in problem.text


def test_what_never_had_a_graph_has_no_cut() -> None:
    problem = went_back(lambda net, X: X * 2, torch.rand(3, 4)).result.problem
    assert problem is not None
    assert "graph ends" not in problem.text


def test_a_network_without_a_return_is_said_to_return_nothing() -> None:
    problem = went_back(lambda net, X: None, torch.rand(3, 4)).result.problem
    assert problem is not None
    assert problem.title == "The network returned nothing"
    assert "`return`" in problem.text


def test_a_frozen_network_is_said_to_be_frozen() -> None:
    net = Steps(lambda net, X: net.layer(X))
    net.requires_grad_(False)
    problem = went_back(net, torch.rand(3, 4)).result.problem
    assert problem is not None
    assert problem.title == "Every parameter of the network is frozen"
