"""Where a run that fails or is stopped got to, and what stays of the recording."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.trace.tracing import TooManyCalls, Trace, tracing
from tests.models.run.trace.recorded import Steps, broken


class Deep(nn.Module):
    """Fails in an operation of `stages.1.0`."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(nn.Sequential(nn.Linear(10, 48)), nn.Sequential(nn.Linear(32, 10)))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.stages(X)


def test_a_failure_is_reported_where_it_happened() -> None:
    trace = broken(Deep(), torch.rand(2, 10))
    rows = trace.page(0, 100)[2]
    assert [row.module for row in rows] == ["", "stages", "stages.0", "stages.0.0", "stages.1", "stages.1.0"]
    assert [bool(row.failed) for row in rows] == [False] * 5 + [True]
    assert rows[-1].failed.startswith("RuntimeError: mat1 and mat2")
    failed = trace.failed
    assert failed is not None
    assert (failed.module, failed.op, failed.inputs) == ("stages.1.0", "linear", ((2, 48), (10, 32), (10,)))
    assert failed.where.startswith("test_failures.py:")
    assert trace.finished


class Python(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        X = self.first(X)  # noqa: F821 (what the document prints)
        return X  # noqa: RET504


def test_a_failure_in_python_is_reported_at_the_module() -> None:
    trace = broken(Python(), torch.rand(2, 2))
    assert trace.failed is not None
    assert (trace.failed.op, trace.failed.kind) == ("Python", "module")
    assert trace.failed.failed.startswith("UnboundLocalError")
    line = Python.forward.__code__.co_firstlineno + 1
    assert trace.failed.where == f"test_failures.py:{line}"


class Recovering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wrong, self.right = nn.Linear(3, 1), nn.Linear(2, 1)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        try:
            return self.wrong(X)
        except RuntimeError:
            return self.right(X)


def test_a_failure_that_the_network_caught_is_no_failure_of_the_run() -> None:
    net, trace = Recovering(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(1, 2))
    assert [(row.module, bool(row.failed)) for row in trace.page(0, 9)[2]] == [
        ("", False),
        ("wrong", True),
        ("right", False),
    ]
    assert trace.failed is None


def test_a_budget_stops_a_runaway() -> None:
    def forward(net: Steps, X: torch.Tensor) -> None:
        while True:
            X = X + 1

    net, trace = Steps(forward), Trace()
    with pytest.raises(TooManyCalls, match="stopped after 1,000 calls"), tracing(net, LiveTree.of(net), trace, 1_000):
        net(torch.zeros(1))
    assert trace.events == 1_000
    assert [(row.op, row.repeat) for row in trace.page(0, 9)[2]] == [("Steps", 1), ("add", 999)]
    assert trace.failed is not None


def test_an_interrupt_caught_outside_leaves_the_calls_so_far() -> None:
    def forward(net: Steps, X: torch.Tensor) -> None:
        net.layer(X)
        raise KeyboardInterrupt

    net, trace = Steps(forward), Trace()
    with tracing(net, LiveTree.of(net), trace), contextlib.suppress(KeyboardInterrupt):
        net(torch.rand(1, 4))
    rows = trace.page(0, 9)[2]
    assert [(row.op, row.failed) for row in rows] == [("Steps", "interrupted"), ("Linear", "")]
    assert trace.finished


def test_no_hook_stays_whatever_ends_the_run() -> None:
    hooks = torch.nn.modules.module
    net = build_example("mlp")

    class Interrupting(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            raise KeyboardInterrupt

    for module, error in ((net, RuntimeError), (Interrupting(), KeyboardInterrupt)):
        with pytest.raises(error), tracing(module, LiveTree.of(module), Trace()):
            module(torch.rand(2, 3))
        assert not hooks._global_forward_hooks
        assert not hooks._global_forward_pre_hooks
        assert not hooks._global_forward_hooks_with_kwargs
        assert torch.overrides._get_current_function_mode() is None
        assert torch.backends.mha.get_fastpath_enabled()
