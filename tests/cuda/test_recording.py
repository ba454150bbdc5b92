"""A run that is recorded on a device: nothing in it waits, and what is shown is what the processor would show."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.run.gradients.watch import BackwardWatch
from models.run.trace import run_tensors
from models.run.trace.accelerator import Readings
from models.run.trace.output_statistics import statistics_of
from models.run.trace.tracing import Trace, tracing
from tests.cuda.networks import Encoder, Images


def traced(net: nn.Module, *args: torch.Tensor) -> Trace:
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(*args)
    torch.cuda.synchronize()
    return trace


def network(kind: str) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    if kind == "encoder":
        return Encoder().cuda(), torch.randint(100, (2, 16)).cuda()
    return Images().cuda(), torch.rand(4, 3, 32, 32).cuda()


def strictly() -> None:
    """Have any wait for the device raise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that not every wait is found so
        torch.cuda.set_sync_debug_mode("error")


class Strict(nn.Module):
    """Calls a network so that any wait for the device within it raises."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        try:
            strictly()
            return self.net(X)
        finally:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("kind", ["encoder", "images"])
@pytest.mark.parametrize("grad", [True, False])
def test_nothing_waits_for_the_device(kind: str, grad: bool) -> None:
    net, X = network(kind)
    net(X)
    with torch.set_grad_enabled(grad):
        trace = traced(Strict(net), X)
    assert trace.failed is None
    measured = {row.op for row in trace.calls if row.statistics is not None}  # not those that give a view
    assert measured >= ({"Linear", "LayerNorm", "add"} if kind == "encoder" else {"Conv2d", "relu", "max_pool2d"})
    assert not [row.note for row in trace.calls if "could not be looked at" in row.note]


@pytest.mark.parametrize("kind", ["encoder", "images"])
def test_a_backward_that_is_watched_does_not_wait_either(kind: str) -> None:
    net, X = network(kind)
    net(X).sum().backward()  # the first prepares
    watch, loss = BackwardWatch(), net(X).square().mean()
    with watch.over([loss]):
        try:
            strictly()
            loss.backward()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    norms = [watch.arrived(step) for step in watch.steps if step.seconds is not None]
    assert norms
    assert watch.all_finite()


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.bool]
)
@pytest.mark.parametrize("size", [1, 50, 70_000])
def test_the_device_measures_what_the_processor_does(size: int, dtype: torch.dtype) -> None:
    values = torch.randn(size, generator=torch.Generator().manual_seed(1)).mul_(3).to(dtype)
    if dtype.is_floating_point and size > 10:
        values[3], values[4], values[5:8], values[9] = torch.nan, torch.inf, -torch.inf, 0.0
    readings = Readings()
    pending = readings.measure(values.cuda())
    readings.read()
    expected = statistics_of(values)
    assert pending is not None
    assert pending.found is not None
    assert expected is not None
    for name in ("elements", "minimum", "maximum", "zeros", "nan", "positive_inf", "negative_inf"):
        assert getattr(pending.found, name) == getattr(expected, name), name
    assert pending.found.mean == pytest.approx(expected.mean, abs=1e-4)
    assert pending.found.std == pytest.approx(expected.std, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("kind", ["encoder", "images"])
def test_rows_are_those_of_waiting_at_each_call(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net, X = network(kind)
    net.eval()
    found = traced(net, X)
    monkeypatch.setattr(run_tensors, "is_read_later", lambda tensor: False)
    expected = traced(net, X)
    assert [row.op for row in found.calls] == [row.op for row in expected.calls]
    for mine, theirs in zip(found.calls, expected.calls, strict=True):
        assert (mine.statistics is None) == (theirs.statistics is None), mine.op
        if mine.statistics is not None and theirs.statistics is not None:
            assert mine.statistics.std == pytest.approx(theirs.statistics.std, rel=1e-3, abs=1e-6)
            assert mine.statistics.rows == pytest.approx(theirs.statistics.rows, rel=1e-2, abs=1e-4)
            assert (mine.statistics.units, mine.statistics.dead) == (theirs.statistics.units, theirs.statistics.dead)


def test_the_run_is_the_one_that_it_would_have_been() -> None:
    net, X = network("encoder")
    torch.manual_seed(5)
    plain = net(X)
    after = torch.cuda.get_rng_state()
    torch.manual_seed(5)
    recorded: list[torch.Tensor] = []
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        recorded.append(net(X))
    assert torch.equal(plain, recorded[0])  # dropout too
    assert torch.equal(after, torch.cuda.get_rng_state())


class Heavy(nn.Module):
    """Some milliseconds of products on the device, which the processor has handed over long before."""

    def __init__(self) -> None:
        super().__init__()
        self.slow, self.quick = nn.Linear(8192, 8192, bias=False), nn.Linear(8192, 8, bias=False)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.quick(self.slow(X))


def test_seconds_are_the_devices() -> None:
    with torch.no_grad():
        net, X = Heavy().cuda(), torch.rand(16384, 8192).cuda()
        for _ in range(2):
            net(X)
        before, behind = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        before.record()
        net.slow(X)
        behind.record()
        torch.cuda.synchronize()
        trace = traced(net, X)
    root, slow, quick = trace.calls
    assert None not in (root.seconds, slow.seconds, quick.seconds)
    assert 0.5 < slow.seconds / (before.elapsed_time(behind) / 1000) < 2
    assert slow.seconds > 5 * quick.seconds
    assert root.seconds >= slow.seconds + quick.seconds - 1e-9


def test_the_most_memory_is_that_of_the_allocator() -> None:
    net, X = network("images")
    with torch.no_grad():
        net(X)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_allocated()
        net(X)
        plain = torch.cuda.max_memory_allocated() - held
        peak = traced(net, X).totals().peak
    assert peak is not None
    assert peak <= plain  # which has workspaces and rounds up to 512 bytes
    assert peak > 0.5 * plain


def test_a_graph_that_is_captured_is_not_disturbed() -> None:
    net, X = network("images")
    net.eval()

    class Captures(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.graph = torch.cuda.CUDAGraph()

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            with torch.cuda.graph(self.graph):
                found: torch.Tensor = self.net(X)
            self.graph.replay()
            return found

    with torch.no_grad():
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            expected = net(X)
        torch.cuda.synchronize()
        captures, trace = Captures(), Trace()
        with tracing(captures, LiveTree.of(captures), trace):
            result = captures(X)
        assert trace.failed is None
        torch.testing.assert_close(result, expected)


def test_a_run_that_the_device_ends_is_kept_as_far_as_it_came() -> None:
    class Big(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return torch.empty(1 << 45, device=self.layer(X).device)

    net, trace = Big().cuda(), Trace()
    with pytest.raises(torch.OutOfMemoryError), tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2, 8).cuda())
    assert trace.failed is not None
    assert trace.failed.op == "empty"
    assert [row.op for row in trace.calls if row.statistics is not None] == ["Linear"]
