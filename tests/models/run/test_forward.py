"""A forward run as a whole: its result, or what it raised and where."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.forward import ForwardResult, run_forward
from models.run.trace.tracing import Trace


def run(net: nn.Module, *args: object, max_calls: int | None = None) -> tuple[ForwardResult, Trace]:
    trace = Trace()
    return run_forward(net, args, {}, LiveTree.of(net), trace, max_calls), trace


def test_the_result_is_the_networks_own() -> None:
    net, X = build_example("mlp"), torch.rand(2, 20)
    result, trace = run(net, X)
    assert isinstance(result.output, torch.Tensor)
    assert torch.equal(result.output, net(X))
    assert result.problem is None
    assert result.exception is None
    assert result.seconds > 0
    assert len(trace) == 4
    assert trace.page(0, 1)[2][0].where == ""


def test_a_wrong_shape_is_reported_with_module_operation_and_shapes() -> None:
    result, trace = run(build_example("sequential"), torch.rand(2, 7))
    problem = result.problem
    assert problem is not None
    assert problem.kind == "model"
    assert problem.title.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x7 and 20x256)")
    assert problem.path == "0"
    assert "in 0: linear of [2, 7] x [256, 20] x [256]" in problem.text
    assert result.output is None
    assert [row.module for row in trace.page(0, 9)[2]] == ["", "0"]


def test_the_documents_own_forward(tmp_path: Path) -> None:
    file = tmp_path / "printed.py"
    file.write_text(
        "from torch import nn\n\nclass Printed(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.linear = nn.Linear(20, 20)\n\n    def forward(self, x):\n        X = self.linear(X)\n"
        "        return X\n"
    )
    scope: dict[str, type[nn.Module]] = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    result, _ = run(scope["Printed"](), torch.rand(2, 20))
    assert result.problem is not None
    assert result.problem.title.startswith("UnboundLocalError")
    assert result.problem.where == "printed.py:9"
    assert result.problem.path == ""


def test_an_interrupt_is_no_failure_of_the_model() -> None:
    class Interrupted(nn.Module):
        def forward(self) -> None:
            raise KeyboardInterrupt

    result, trace = run(Interrupted())
    assert result.problem is not None
    assert result.problem.kind == "interrupted"
    assert trace.page(0, 9)[2][0].failed == "interrupted"


def test_an_endless_loop_can_be_given_a_budget() -> None:
    class Halving(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            while X.abs().sum() > 1:
                X /= 2
            return X

    result, trace = run(Halving(), torch.full((2, 20), float("inf")), max_calls=2_000)
    assert result.problem is not None
    assert "stopped after 2,000 calls" in result.problem.title
    assert len(trace) < 20
    assert trace.nonfinite is not None
    assert trace.nonfinite["phase"] == "input"


@pytest.mark.parametrize("grad", [True, False])
def test_modes_are_left_as_they_are(grad: bool) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout()).eval()
    net[1].train()
    with torch.set_grad_enabled(grad):
        result, _ = run(net, torch.rand(2, 4))
    assert isinstance(result.output, torch.Tensor)
    assert result.output.requires_grad is grad
    assert [module.training for module in net.modules()] == [False, False, True]


def test_a_forward_that_ends_the_program_fails_like_any_other() -> None:
    class Leaves(nn.Module):
        def forward(self, X: torch.Tensor) -> None:
            raise SystemExit(5)

    result, trace = run(nn.Sequential(Leaves()), torch.rand(2))
    assert result.problem is not None
    assert (result.problem.kind, result.problem.title, result.problem.path) == ("model", "SystemExit: 5", "0")
    assert trace.page(0, 9)[1]  # complete
