"""Of `conflicts`, `models/run/trace/lines.py`: who needs what was changed in place, who changed it, what mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.backward import run_backward
from models.run.forward import run_forward
from models.run.trace.record import Trace
from tests.models.run.gradients.went_back import Passes, line_of, went_back
from tests.models.run.trace.recorded import Steps

HERE = "test_conflicts.py"


def added(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sigmoid()
    Y += 1  # <-
    return Y * 2


def multiplied(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).exp()
    Y.mul_(2)  # <-
    return Y


def rectified(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).tanh()
    F.relu(Y, inplace=True)  # <-
    return Y


def written_in_a_loop(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).exp()
    for index in range(2):
        Y[index] = 0  # <-
    return Y


def by_a_view(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sigmoid()
    Y[0].mul_(2)  # <-
    return Y


def by_what_is_detached(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).sigmoid()
    Y.detach().zero_()  # <-
    return Y


def by_a_part(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).exp()
    half = Y.view(-1)[::2]
    half += 1  # <-
    return Y


def by_a_column(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) + 2
    column = Y[:, 1]
    column.copy_(column.log())  # <-
    return Y


def of_the_network(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X) @ net.layer.weight
    with torch.no_grad():
        net.layer.weight.mul_(0.9)  # <-
    return Y


def masked(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).softmax(-1)
    Y.masked_fill_(Y < 0.2, 0)  # <-
    return Y


def by_out(net: Steps, X: Tensor) -> Tensor:
    Y = X * 2
    Z = net.layer(X) * Y
    torch.mul(X, 3, out=Y)  # <-
    return Z


def copied(net: Steps, X: Tensor) -> Tensor:
    state = X.clone()
    Y = net.layer(X) * state
    state.copy_(X * 2)  # <-
    return Y


def twice(net: Steps, X: Tensor) -> Tensor:
    Y = net.layer(X).exp()
    Y.add_(1)  # <-
    Y.add_(2)
    return Y


CASES: list[tuple[Callable[..., Any], str, str, str]] = [
    (added, "sigmoid", "add_", "write Y = Y + 1 instead of Y += 1"),
    (multiplied, "exp", "mul_", "use mul instead of mul_"),
    (rectified, "tanh", "relu", "leave out inplace=True"),
    (written_in_a_loop, "exp", "__setitem__", "clone()"),
    (by_a_view, "sigmoid", "mul_", "write into a clone() of it"),
    (by_a_part, "exp", "add_", "write into a clone() of it"),
    (by_a_column, "log", "copy_", "write into a clone() of it"),
    (by_what_is_detached, "sigmoid", "zero_", "use torch.zeros_like instead of zero_"),
    (masked, "softmax", "masked_fill_", "use masked_fill instead of masked_fill_"),
    (by_out, "mul", "mul", "clone()"),
    (copied, "mul", "copy_", "use what is copied itself instead of copy_"),
    (of_the_network, "matmul", "mul_", "change layer.weight before it is read, or after backward"),
    (twice, "exp", "add_", "use add instead of add_"),
]


@pytest.mark.parametrize(("forward", "needs", "changes", "mends"), CASES, ids=[case[0].__name__ for case in CASES])
def test_both_calls_the_line_and_what_mends_it(
    forward: Callable[..., Any], needs: str, changes: str, mends: str
) -> None:
    passes = went_back(forward, torch.rand(3, 4))
    problem, conflict = passes.result.problem, passes.result.conflict
    assert problem is not None
    assert conflict is not None
    assert (conflict.needed_by.op, conflict.changed_by.op) == (needs, changes)
    assert conflict.where == problem.where == line_of(forward, "# <-", HERE)
    assert problem.hint == conflict.hint
    assert mends in conflict.hint
    report = conflict.report()
    assert passes.trace.calls[report["needed_by"]].op == needs
    assert passes.trace.calls[report["changed_by"]].op == changes


def test_a_layer_that_writes_in_place() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.ReLU(inplace=True))
    hint = went_back(net, torch.rand(3, 4)).result.conflict.hint
    assert hint.startswith("1 (Tanh) needs what it gave for backward, and relu changed it")
    assert hint.endswith("make 2 without inplace=True")


def test_a_step_of_an_optimizer_between() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    trace, tree = Trace(), LiveTree.of(net)
    output = run_forward(net, (torch.rand(2, 4),), {}, tree, trace).output
    with torch.no_grad():
        net[1].weight.add_(1)
    conflict = run_backward(output, net, trace, tree).conflict
    assert conflict is not None
    assert "1 (Linear) needs 1.weight for backward, which was changed after the forward" in conflict.hint
    assert conflict.changed_by is None


class Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 4)
        self.state = torch.zeros(2, 4)

    def forward(self, X: Tensor) -> Tensor:
        self.state = self.cell(X, self.state)
        return self.state


def again(net: nn.Module, X: Tensor) -> Passes:
    went_back(net, X)
    return went_back(net, X)


def test_a_state_that_an_earlier_forward_computed() -> None:
    result = again(Remembers(), torch.rand(2, 4)).result
    assert result.problem is not None
    assert result.conflict is not None
    assert result.conflict.needed_by.op == "gru_cell"
    assert "self.h = h.detach()" in result.problem.text
    assert result.problem.text.startswith("Cell (GRUCell) at test_conflicts.py:")


def test_a_weight_that_was_computed_once() -> None:
    class Once(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.raw = nn.Parameter(torch.zeros(4, 4))
            self.scale = self.raw.exp()

        def forward(self, X: Tensor) -> Tensor:
            return X @ self.scale

    result = again(Once(), torch.rand(2, 4)).result
    assert result.conflict is not None
    assert result.conflict.needed_by.op == "matmul"


def test_the_same_result_twice_is_no_conflict_with_an_earlier_forward() -> None:
    passes = went_back(nn.Sequential(nn.Linear(4, 4), nn.Tanh()), torch.rand(2, 4))
    result = run_backward(passes.output, passes.net, passes.trace)
    assert result.conflict is None
    assert result.problem is not None
    assert result.problem.text == "Run forward again."


def test_writes_that_nobody_needs_are_no_conflict() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = net.layer(X)
        Y += 1
        Y[0] = 0
        return Y.relu_()

    result = went_back(forward, torch.rand(2, 4)).result
    assert (result.problem, result.conflict) == (None, None)
