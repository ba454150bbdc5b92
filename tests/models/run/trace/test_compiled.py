"""Networks that are compiled, scripted or traced by torch."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import traced

pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Guards may run slower on Python 3.13.0:RuntimeWarning"),
]


def test_scripted_parts_are_called_as_they_are() -> None:
    net = nn.Sequential(torch.jit.script(nn.Linear(3, 4)), nn.ReLU())
    rows = traced(net, torch.rand(2, 3))
    assert [(row.module, row.op, row.output) for row in rows] == [
        ("", "Sequential", "[2, 4]"), ("0", "Linear", "[2, 4]"), ("1", "ReLU", "[2, 4]"),
    ]  # fmt: skip


def test_recording_a_graph_meanwhile_leaves_nothing_of_ours_in_it() -> None:
    net = build_example("parameter_access")
    X = torch.rand(2, 4)
    plain = str(torch.jit.trace(net, X).inlined_graph).count("aten::")
    with tracing(net, LiveTree.of(net), Trace()):
        seen = str(torch.jit.trace(net, X).inlined_graph).count("aten::")
    assert seen == plain


@pytest.mark.slow
def test_a_compiled_module_runs_as_written() -> None:
    net = torch.compile(build_example("mlp"), backend="eager")
    assert "torch._dynamo" in sys.modules
    rows = traced(net, torch.rand(2, 20))
    assert [(row.module, row.op) for row in rows] == [
        ("", "OptimizedModule"), ("_orig_mod", "MLP"), ("_orig_mod.hidden", "Linear"), ("_orig_mod", "relu"),
        ("_orig_mod.out", "Linear"),
    ]  # fmt: skip
    assert rows[0].note == "traced without compilation"


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [True, False])
def test_the_compiler_does_not_get_to_see_the_recorder(in_place: bool) -> None:
    compiled: list[str] = []

    def backend(graph: Any, inputs: Any) -> Any:
        compiled.extend(node.name for node in graph.graph.nodes)
        return graph.forward

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wave = torch.sin if in_place else torch.compile(torch.sin, backend=backend)

        def forward(self, X: Any) -> Any:
            return self.wave(X)

    net = Net()
    if in_place:
        net.compile(backend=backend)
    rows = traced(net, torch.rand(2))
    assert [row.op for row in rows] == ["Net", "sin"]
    assert rows[0].note == ("traced without compilation" if in_place else "")
    assert compiled == []
    net(torch.rand(2))
    assert "sin" in " ".join(compiled)
