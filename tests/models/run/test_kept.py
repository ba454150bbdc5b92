"""What a forward keeps for backward, against torch's own hooks that see every tensor that is saved."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.live.live_tree import LiveTree
from models.run import kept
from models.run.forward import run_forward
from models.run.trace.record import Trace
from tests.models.run.trace.recorded import Steps


def ran(net: nn.Module, *args: Any) -> Trace:
    trace = Trace()
    result = run_forward(net, args, {}, LiveTree.of(net), trace)
    assert result.problem is None
    return trace


def by_hooks(net: nn.Module, *args: Any) -> int:
    """Bytes of the storages that a forward saves, each once, without those of parameters and buffers."""
    sizes: dict[int, int] = {}
    kept: list[Tensor] = []
    own = {tensor.untyped_storage().data_ptr() for tensor in [*net.parameters(), *net.buffers()]}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        kept.append(tensor.detach())  # or its memory might be another's later
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net(*args)
    return sum(sizes.values())


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10)), (2, 20)),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()), (2, 3, 9, 9)),
        (nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True), (2, 5, 16)),
        (nn.LSTM(4, 8), (5, 2, 4)),
    ],
    ids=["mlp", "convolutions", "encoder", "lstm"],
)
def test_as_much_as_hooks_see(net: nn.Module, shape: tuple[int, ...]) -> None:
    trace = ran(net, torch.rand(shape))
    assert trace.calls[0].kept == by_hooks(net, torch.rand(shape))


def test_each_call_says_what_its_backward_needs() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 2))
    trace = ran(net, torch.rand(3, 4))
    # the input for the first weight; the result of sigmoid for itself and for the weight behind it, counted once there
    assert [call.kept for call in trace.calls] == [3 * 4 * 4 + 3 * 8 * 4, 3 * 4 * 4, 0, 3 * 8 * 4]


def test_a_loop_keeps_what_all_its_turns_keep() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        for _ in range(10):
            X = X.sin()
        return X * net.layer.weight.sum()

    trace = ran(Steps(forward), torch.rand(5, requires_grad=True))
    assert [(call.op, call.repeat, call.kept) for call in trace.calls][1] == ("sin", 10, 10 * 5 * 4)


def test_without_a_graph_nothing_is_kept() -> None:
    net = nn.Linear(4, 4)
    with torch.no_grad():
        assert [call.kept for call in ran(net, torch.rand(2, 4)).calls] == [0]


def test_of_a_graph_that_does_not_lead_to_the_result_nothing_is_said() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        net.memory = net.layer(X).exp()  # type: ignore[assignment]
        return X

    assert {call.kept for call in ran(Steps(forward), torch.rand(2, 4)).calls} == {None}


def test_a_checkpointed_layer_runs_once() -> None:
    times = []

    def layer(X: Tensor) -> Tensor:
        times.append(1)
        return X.exp().sin()

    net = Steps(lambda net, X: checkpoint(layer, net.layer(X), use_reentrant=False))
    trace = ran(net, torch.rand(2, 4))
    assert len(times) == 1
    assert trace.calls[0].kept == 2 * 4 * 4, "the input of the layer before it"


def test_a_graph_too_large_is_left_alone() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        X = net.layer(X)
        for _ in range(11_000):
            X = X * 1.0
        return X

    assert [call.kept for call in ran(Steps(forward), torch.rand(2, 4)).calls] == [None, None, None]


def test_in_place_errors_are_still_raised() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = net.layer(X).exp()
        Z = Y * 2
        Y.zero_()
        return Z

    trace = Trace()
    net = Steps(forward)
    result = run_forward(net, (torch.rand(2, 4),), {}, LiveTree.of(net), trace)
    assert isinstance(result.output, Tensor)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.output.sum().backward()


def test_nothing_is_said_where_torch_does_not_show_what_it_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_SHOWS_SAVED", False)
    trace = ran(nn.Linear(2, 2), torch.rand(3, 2))
    assert [call.kept for call in trace.calls] == [None]
    monkeypatch.undo()
    assert ran(nn.Linear(2, 2), torch.rand(3, 2)).calls[0].kept == 3 * 2 * 4
