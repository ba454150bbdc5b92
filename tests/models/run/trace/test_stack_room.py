"""How deeply a network may nest: in a recorded run as deeply as without, and no deeper by much."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.run.forward import run_forward
from models.run.trace.stack_room import DEEP
from models.run.trace.tracing import Trace, tracing
from tests.cases import slow_but


def sequential(depth: int) -> nn.Module:
    net: nn.Module = nn.Linear(2, 2)
    for _ in range(depth):
        net = nn.Sequential(net)
    return net


class Own(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x).relu() + 1


def own(depth: int) -> nn.Module:
    net: nn.Module = nn.Linear(2, 2)
    for _ in range(depth):
        net = Own(net)
    return net


def deepest(make: Callable[[int], nn.Module]) -> int:
    """How deep Python lets it nest here."""
    for depth in range(DEEP, 1000):
        try:
            make(depth)(torch.ones(1, 2))
        except RecursionError:
            return depth - 1
    raise AssertionError("no limit")


@pytest.mark.xfail(
    sys.version_info[:2] == (3, 12),
    reason="Python 3.12 counts calls from C apart; under pytest a recorded run then ends some levels earlier",
)
@pytest.mark.parametrize("make", slow_but(1, [sequential, own]))
def test_what_python_can_run_can_be_recorded(make: Callable[[int], nn.Module]) -> None:
    limit, depth = sys.getrecursionlimit(), deepest(make)
    net = make(depth)
    trace = Trace()
    result = run_forward(net, (torch.ones(1, 2),), {}, LiveTree.of(net), trace)
    assert result.problem is None
    assert sum(call.kind == "module" for call in trace.calls) == depth + 1
    assert max(call.depth for call in trace.calls) >= depth
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("make", slow_but(1, [sequential, own]))
def test_what_python_cannot_run_fails_as_it_does_there(make: Callable[[int], nn.Module]) -> None:
    limit = sys.getrecursionlimit()
    net = make(deepest(make) + limit // 4)
    trace = Trace()
    result = run_forward(net, (torch.ones(1, 2),), {}, LiveTree.of(net), trace)
    assert isinstance(result.exception, RecursionError)
    assert result.problem is not None
    assert result.problem.message.startswith("maximum recursion depth exceeded")
    assert trace.failed is not None
    assert trace.failed.module.count(".") > DEEP
    assert sys.getrecursionlimit() == limit


def test_a_recursion_without_end_ends_as_in_python() -> None:
    class Endless(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self(x)  # type: ignore[no-any-return]

    limit = sys.getrecursionlimit()
    net = Endless()
    result = run_forward(net, (torch.ones(1),), {}, LiveTree.of(net), Trace())
    assert isinstance(result.exception, RecursionError)
    assert sys.getrecursionlimit() == limit


def test_a_limit_that_the_network_sets_is_its_own() -> None:
    before = sys.getrecursionlimit()

    class Sets(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            sys.setrecursionlimit(before + 77)
            return x

    net: nn.Module = Sets()
    for _ in range(DEEP + 5):
        net = nn.Sequential(net)
    try:
        with tracing(net, LiveTree.of(net), Trace()):
            net(torch.ones(1))
        assert sys.getrecursionlimit() == before + 77
    finally:
        sys.setrecursionlimit(before)


def test_what_python_warns_of_is_as_it_was() -> None:
    net = sequential(2 * DEEP)
    before = list(warnings.filters)
    assert run_forward(net, (torch.ones(1, 2),), {}, LiveTree.of(net), Trace()).problem is None
    assert list(warnings.filters) == before
