"""Seconds by a device's clock: of an operation its own, of a module at least those of all within it."""

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.run.trace import run_tensors
from models.run.trace.device_seconds import Account, TimedOperation
from models.run.trace.tracing import Trace, tracing


class Event:
    """An event of a device whose operations take 2 s each."""

    def __init__(self, at):
        self.at = at

    def synchronize(self):
        pass

    def elapsed_time(self, later):
        return 1000 * (later.at - self.at)


@pytest.fixture
def device(monkeypatch):
    clock = [0]

    def event_on(tensor):
        clock[0] += 1
        return Event(2 * clock[0])

    monkeypatch.setattr(run_tensors, "is_timed", lambda tensor: True)
    monkeypatch.setattr(run_tensors, "event_on", event_on)
    monkeypatch.setattr("models.run.trace.recorder.event_behind", event_on)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.last = nn.Linear(4, 2)

    def forward(self, X):
        for _ in range(3):
            X = X + 1
        return self.last(self.block(X)).exp()


def test_modules_take_what_all_within_them_took(device):
    trace = Trace()
    with torch.no_grad():
        net = Net()
        with tracing(net, LiveTree.of(net), trace):
            net(torch.rand(2, 4))
    shown = {(row.module, row.op): (row.seconds, row.self_seconds) for row in trace.calls}
    about = pytest.approx
    assert shown["", "add"] == (about(6.0), about(6.0))
    assert shown["block.0", "Linear"] == (about(2.0), about(2.0))  # its one operation has no row of its own
    assert shown["block", "Sequential"] == (about(4.0), about(0.0, abs=1e-6))
    assert shown["", "exp"] == (about(2.0), about(2.0))
    assert shown["", "Net"] == (about(14.0), about(0.0, abs=1e-6))
    assert trace.totals().seconds == about(14.0)
    assert {row.index for row in trace.late} == {row.index for row in trace.calls}


def test_a_module_that_the_processor_was_in_for_longer_keeps_that():
    from models.run.trace.calls import Call

    outer, inner = (Call(module=name, op="Net", kind="module", depth=0, seconds=0.0) for name in ("", "a"))
    operation = Call(module="a", op="add", kind="operation", depth=2, seconds=1.0, self_seconds=1.0)
    around = Account(outer, None)
    within = Account(inner, around)
    trace = Trace()
    timed = TimedOperation(operation, within, (Event(0), Event(3)), trace)
    inner.seconds = 5.0
    within.close(1.0, alone=False)
    assert (inner.seconds, inner.self_seconds) == (5.0, 4.0)
    timed.read()
    assert (operation.seconds, inner.seconds, inner.self_seconds) == (3.0, 5.0, 2.0)
    outer.seconds = 5.5
    around.close(5.0, alone=False)
    assert (outer.seconds, outer.self_seconds) == (5.5, 0.5)
    TimedOperation(operation, within, (Event(0), Event(9)), trace).read()  # 6 s more: 9 of the device in all
    assert (inner.seconds, inner.self_seconds) == (pytest.approx(9.0), 0.0)
    assert (outer.seconds, outer.self_seconds) == (pytest.approx(9.0), 0.0)
