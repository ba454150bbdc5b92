"""The most memory that a run's own tensors take at once.  Of `live_memory`, `totals`, and where `kept` adds to it."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.commands.trace_relay import TraceReceiver, TraceSender
from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.messages import RunMode
from models.run.dry.dry_run import run_dry
from models.run.forward import run_forward
from models.run.trace.calls import Call
from models.run.trace.flow import Flow
from models.run.trace.live_memory import LiveMemory, add_hidden
from models.run.trace.totals import join_peaks
from models.run.trace.tracing import Trace
from tests.models.run.trace.recorded import Steps

NO_GRAD = RunMode(gradients="no_grad")


def ran(net: nn.Module, *args: Any, mode: RunMode = RunMode()) -> Trace:  # noqa: B008
    trace = Trace()
    result = run_forward(net, args, {}, LiveTree.of(net), trace, mode=mode)
    assert result.problem is None, result.problem
    return trace


def test_a_storage_counts_once_and_until_it_is_freed() -> None:
    weight = torch.zeros(100)
    memory = LiveMemory([weight])
    memory.take(weight)
    memory.take(weight[:10])
    assert memory.live == 0
    made = torch.zeros(10)
    memory.take(made)
    memory.take(made.view(2, 5))
    before = memory.start()
    other = torch.zeros(5)
    memory.take(other)
    assert (memory.live, before, memory.peak) == (60, 40, 60)
    kept = made[3:]
    del made, other
    assert memory.live == 40, "a view holds it"
    assert memory.end(before) == 60
    del kept
    assert memory.live == 0


def test_memory_that_is_freed_is_used_again_in_a_chain() -> None:
    net = nn.Sequential(*[nn.Linear(10, 10) for _ in range(5)])
    trace = ran(net, torch.rand(4, 10), mode=NO_GRAD)
    one = 4 * 10 * 4
    assert [call.peak for call in trace.calls] == [2 * one, one, *[2 * one] * 4]
    assert trace.totals().peak == 2 * one


def test_with_gradients_all_that_backward_needs_stays() -> None:
    net = nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 10), nn.Linear(10, 10))
    trace = ran(net, torch.rand(4, 10))
    one = 4 * 10 * 4
    assert [call.peak for call in trace.calls] == [3 * one, one, 2 * one, 3 * one]


def test_a_skip_connection_holds_its_input_and_a_write_in_place_takes_nothing() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        held = X * 2
        Y = (held + 1).mul_(3).view(-1)
        return Y + held.view(-1)

    rows = ran(Steps(forward), torch.rand(10), mode=NO_GRAD).calls
    assert [(call.op, call.peak) for call in rows[1:]] == [
        ("mul", 40), ("add", 80), ("mul_", 80), ("view", 80), ("view", 80), ("add", 120),
    ]  # fmt: skip


def test_what_only_backward_sees_counts_from_its_call_on() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        return F.max_pool1d(X.exp(), 2).exp()  # which keeps the indices, 8 bytes each

    X = torch.rand(1, 8, requires_grad=True)
    rows = ran(Steps(forward), X).calls
    assert [call.peak for call in rows] == [32 + 16 + 32 + 16, 32, 32 + 16 + 32, 32 + 16 + 32 + 16]


def test_tensors_in_plain_attributes_and_inputs_are_there_anyway() -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.rand(10, 10)

        def forward(self, X: Tensor) -> Tensor:
            return X @ self.table

    trace = ran(Constant(), torch.rand(4, 10, requires_grad=True))
    assert trace.totals().peak == 4 * 10 * 4


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(32), nn.Linear(32, 96), nn.Linear(32, 32)
        self.mlp = nn.Sequential(nn.Linear(32, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, 32))

    def forward(self, X: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(X)).view(2, 16, 3, 4, 8).permute(2, 0, 3, 1, 4)
        X = X + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(2, 16, 32))
        return X + self.mlp(X)


def convolutions() -> nn.Module:
    def block(taken: int, given: int) -> list[nn.Module]:
        return [nn.Conv2d(taken, given, 3, padding=1), nn.BatchNorm2d(given), nn.ReLU()]

    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(16, 10)]
    return nn.Sequential(*block(3, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), *head)


@pytest.mark.parametrize("mode", [RunMode(), RunMode("eval", "no_grad")], ids=["train", "no_grad"])
@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (lambda: nn.Sequential(Attention(), Attention()), (2, 16, 32)),
        (lambda: nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), (2, 16, 32)),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 3), (2, 16, 32)),
        (convolutions, (2, 3, 16, 16)),
        (lambda: build_example("mlp"), (2, 20)),
        (lambda: build_example("rgnet"), (2, 4)),
        (lambda: build_example("my_sequential"), (2, 20)),
        (lambda: nn.Sequential(*[each for _ in range(6) for each in (nn.Linear(64, 64), nn.ReLU())]), (8, 64)),
    ],
    ids=["attention", "layer", "encoder", "convolutions", "mlp", "rgnet", "my_sequential", "chain"],
)
def test_it_is_that_of_a_run_without_values(net: Any, shape: tuple[int, ...], mode: RunMode) -> None:
    torch.manual_seed(0)
    network, X = net(), torch.rand(shape)
    dry = Trace()
    result, reason = run_dry(lambda: ((X,), {}), LiveTree.of(network), dry, mode)
    assert (result.problem, reason) == (None, None)
    real = ran(network, X, mode=mode)
    assert real.totals().peak == dry.totals().peak
    assert real.totals().kept == dry.totals().kept


def test_a_failed_run_has_it_up_to_there() -> None:
    net, trace = nn.Sequential(nn.Linear(10, 10), nn.Linear(7, 7)), Trace()
    assert run_forward(net, (torch.rand(4, 10),), {}, LiveTree.of(net), trace).problem is not None
    assert trace.totals().peak == 160


def test_turns_of_a_loop_have_the_largest() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        kept = []
        for _ in range(5):
            kept.append(X * 2)
        return torch.stack(kept)

    rows = ran(Steps(forward), torch.rand(10), mode=NO_GRAD).calls
    assert [(call.op, call.repeat, call.peak) for call in rows[1:]] == [("mul", 5, 200), ("stack", 1, 400)]


def call(depth: int, peak: int | None, kind: Any = "operation") -> Call:
    return Call(module="", op="x", kind=kind, depth=depth, peak=peak)


def test_modules_have_the_largest_within_them() -> None:
    rows = [call(0, 1, "module"), call(1, 2, "module"), call(2, 9), call(1, 3, "module"), call(2, 4), call(1, 5)]
    join_peaks(rows)
    assert [row.peak for row in rows] == [9, 9, 9, 4, 4, 5]


def test_hidden_memory_is_held_from_its_node_on() -> None:
    first, second, third = call(1, 10), call(1, 20), call(1, 5)
    add_hidden([(first, 0), (second, 2), (third, 4)], [(3, 100), (1, 1000), (4, 10000)])
    assert [first.peak, second.peak, third.peak] == [1010, 1120, 11105]


def test_it_arrives_through_a_pipe() -> None:
    receiver = TraceReceiver()
    sender = TraceSender(lambda name, *values: receiver.receive(name, json.loads(json.dumps(list(values)))))
    net = convolutions()
    run_forward(net, (torch.rand(2, 3, 16, 16),), {}, LiveTree.of(net), sender)
    sender.send_kept()
    receiver.trace.finish()
    assert [call.peak for call in receiver.trace.calls] == [call.peak for call in sender.calls]
    assert receiver.trace.totals().peak == sender.totals().peak


def test_no_code_of_python_runs_when_a_tensor_is_freed() -> None:
    """An interrupt that comes within such code is lost: nothing around it sees the exception."""
    memory, flow = LiveMemory(), Flow()
    made = Call(module="", op="add_", kind="operation", depth=1)
    tensors = [torch.ones(10), torch.ones(10)]
    for tensor in tensors:
        memory.take(tensor)
        flow.wrote(tensor, made)
    assert memory.live == 80
    called: list[str] = []
    sys.setprofile(lambda frame, event, arg: called.append(frame.f_code.co_name) if event == "call" else None)
    try:
        del tensor
        tensors.clear()
        flow._writers.clear()
    finally:
        sys.setprofile(None)
    assert called == []
    assert memory.live == 0
