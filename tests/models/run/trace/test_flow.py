"""Of `flow`, `reading`, `run_tensors`: which calls made what an operation read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.live.live_tree import LiveTree
from models.messages import CallRow
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import Steps, traced


def made_by(forward: Callable[..., object], *args: object) -> dict[str, list[str]]:
    """Return of each operation, by its name, the names of those that made what it read."""
    rows = traced(Steps(forward), *args)
    return {row.op: [rows[index].op for index in row.producers] for row in rows[1:]}


def test_a_chain_and_a_residual_path() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = net.layer(X)
        return Y.relu() + Y

    assert made_by(forward, torch.rand(2, 4)) == {"Linear": [], "relu": ["Linear"], "add": ["Linear", "relu"]}


def test_the_inputs_and_parameters_are_made_by_no_call() -> None:
    rows = traced(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), torch.rand(2, 4))
    assert [row.producers for row in rows] == [[], [], [1]]
    assert [row.index for row in rows] == [0, 1, 2]


def write_through_a_view(net: Steps, X: Tensor) -> Tensor:
    Y = X.exp()
    Y[0].mul_(2)
    return Y.sin()


def write_by_index(net: Steps, X: Tensor) -> Tensor:
    Y = X.exp()
    Y[0] = 1
    return Y.sin()


def write_detached(net: Steps, X: Tensor) -> Tensor:
    Y = X.exp()
    Y.detach().mul_(2)
    return Y.sin()


def write_by_module(net: Steps, X: Tensor) -> Tensor:
    Y = X.exp()
    F.relu(Y, inplace=True)
    return Y.sin()


def write_out(net: Steps, X: Tensor) -> Tensor:
    Y = X.exp()
    torch.add(X, 1, out=Y)
    return Y.sin()


@pytest.mark.parametrize(
    ("forward", "writer"),
    [
        (write_through_a_view, "mul_"),
        (write_by_index, "__setitem__"),
        (write_detached, "mul_"),
        (write_by_module, "relu"),
        (write_out, "add"),
    ],
)
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad])
def test_what_was_written_last_made_it(
    forward: Callable[..., object], writer: str, mode: Callable[[], torch.autograd.grad_mode.no_grad]
) -> None:
    with mode():
        assert made_by(forward, torch.rand(2, 4))["sin"] == [writer]


def test_inference_mode_has_no_versions() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = X.exp()
        Y.mul_(2)
        return Y.sin()

    with torch.inference_mode():
        assert made_by(forward, torch.rand(2, 4)) == {"exp": [], "mul_": ["exp"], "sin": ["mul_"]}


def test_a_tensor_that_an_operation_gives_back_keeps_its_maker() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = X.exp().contiguous()
        return F.dropout(Y, 0.5, training=False).sin()

    assert made_by(forward, torch.rand(2, 4))["sin"] == ["exp"]


def test_parts_and_containers() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        one, two = X.exp().chunk(2)
        return torch.cat([one.sin(), two.cos()])

    found = made_by(forward, torch.rand(2, 4))
    assert (found["sin"], found["cos"], found["cat"]) == (["chunk"], ["chunk"], ["sin", "cos"])


def test_identities_that_are_used_again_do_not_lie() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        for _ in range(50):
            X.exp()  # gone at once
        Y = torch.from_numpy(X.numpy() * 2)  # seen by nobody
        return Y.sin()

    assert made_by(forward, torch.rand(2, 4))["sin"] == []


def test_checkpointed_layers_and_own_functions() -> None:
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, X: Tensor) -> Tensor:
            return X * 2

        @staticmethod
        def backward(ctx: object, *gradients: Tensor) -> Tensor:
            return gradients[0] * 2

    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = checkpoint(lambda value: value.exp(), X, use_reentrant=False)
        return Y.sin()

    assert made_by(forward, torch.rand(2, 4, requires_grad=True))["sin"] == ["exp"]


def rows_of_loop(turns: int) -> list[CallRow]:
    def forward(net: Steps, X: Tensor) -> Tensor:
        for _ in range(turns):
            X = net.layer(X).relu()
        return X.sin()

    return traced(Steps(forward), torch.rand(2, 4))


def test_the_rows_of_a_loop_are_made_by_each_other() -> None:
    rows = rows_of_loop(30)
    assert [(row.op, row.repeat, row.producers) for row in rows[1:]] == [
        ("Linear", 30, [2]),
        ("relu", 30, [1]),
        ("sin", 1, [2]),
    ]


def test_calls_that_were_folded_are_kept_by_nobody() -> None:

    def forward(net: Steps, X: Tensor) -> Tensor:
        for _ in range(500):
            X = X.exp().sin()
        return X

    net, trace = Steps(forward), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2))
    reached, pending = set[int](), list(trace.calls)
    while pending:
        call = pending.pop()
        if id(call) not in reached:
            reached.add(id(call))
            pending += [*call.producers, *([call.into] if call.into is not None else [])]
    assert len(reached) < 10
