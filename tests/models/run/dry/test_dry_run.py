"""A run without values: costs against counts by hand, memory against torch's own tracker, why it cannot be done.

Of `dry_run`, `fake_model`, `reasons`, `models/run/trace/meter.py` and `models/run/trace/metered.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.dry.dry_run import run_dry
from models.run.forward import run_forward
from models.run.trace.calls import shape_as_text
from models.run.trace.metered import WORKSPACE
from models.run.trace.record import Trace
from tests.models.run.test_kept import by_hooks
from tests.models.run.trace.recorded import Steps


def dry(net: nn.Module, *args: Any) -> tuple[Trace, str | None, object]:
    trace = Trace()
    result, reason = run_dry(lambda: (args, {}), LiveTree.of(net), trace)
    if reason is None and result.exception is not None:
        raise result.exception
    return trace, reason, result.output


class Block(nn.Module):
    """A layer of a transformer with grouped queries, as the large ones have it."""

    def __init__(self, width: int, heads: int, shared: int, inner: int) -> None:
        super().__init__()
        self.heads, self.shared, self.size = heads, shared, width // heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, shared * self.size, bias=False)
        self.value = nn.Linear(width, shared * self.size, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)
        self.norm = nn.RMSNorm(width)

    def forward(self, X: Tensor) -> Tensor:
        batch, length, width = X.shape
        Y = self.norm(X)
        query = self.query(Y).view(batch, length, self.heads, self.size).transpose(1, 2)
        key = self.key(Y).view(batch, length, self.shared, self.size).transpose(1, 2)
        value = self.value(Y).view(batch, length, self.shared, self.size).transpose(1, 2)
        found = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        X = X + self.output(found.transpose(1, 2).reshape(batch, length, width))
        return X + self.down(F.silu(self.gate(X)) * self.up(X))


@pytest.mark.slow
def test_seventy_billion_parameters_against_a_count_by_hand() -> None:
    width, heads, shared, inner, layers, length = 8192, 64, 8, 28672, 80, 128
    with torch.device("meta"):
        net = nn.Sequential(*[Block(width, heads, shared, inner) for _ in range(layers)]).bfloat16()
    parameters = width * width * 2 + width * width // 8 * 2 + 3 * width * inner
    assert sum(each.numel() for each in net.parameters()) == layers * (parameters + width) > 68e9
    trace, reason, output = dry(net, torch.empty(1, length, width, dtype=torch.bfloat16, device="meta"))
    assert reason is None
    assert isinstance(output, Tensor)
    assert output.shape == (1, length, width)
    root = trace.calls[0]
    attention = 4 * length * length * width
    assert root.flops == layers * (2 * length * parameters + attention)
    assert all(each.is_meta for each in net.parameters()), "the network is as it was"
    assert root.seconds is None, "that of a run without values says nothing"
    assert root.kept is not None
    assert root.peak is not None
    assert root.peak >= root.kept - length * width * 2, "all that is kept is alive at the end, but for the input"


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10)), (2, 20)),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()), (2, 3, 9, 9)),
        (nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True), (2, 5, 16)),
    ],
    ids=["mlp", "convolutions", "encoder"],
)
def test_memory_against_torch(net: nn.Module, shape: tuple[int, ...]) -> None:
    from torch.distributed._tools.mem_tracker import MemTracker  # which takes a second, in the one worker that needs it

    X = torch.rand(shape)
    trace, _, _ = dry(net, X)
    root = trace.calls[0]
    assert root.kept == by_hooks(net, X)
    tracker = MemTracker()
    tracker.track_external(net, X)
    with tracker:
        start = tracker.get_tracker_snapshot("current")[X.device]["Total"]
        result = net(X)
        peak = tracker.get_tracker_snapshot("peak")[X.device]["Total"]
    del result
    assert root.peak == peak - start


def test_a_peak_belongs_to_the_calls_in_which_it_was() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        small = X.sin()
        large = small.repeat(10)
        return large.sum() + net.layer(X).sum()

    with torch.no_grad():
        trace, _, _ = dry(Steps(forward), torch.rand(4))
    peaks = {call.op: call.peak for call in trace.calls}
    # 16 bytes of `small`, 160 of `large`, 4 of each sum, 16 of the layer's output
    assert peaks["sin"] == 16
    assert peaks["repeat"] == 16 + 160
    assert peaks["Linear"] == 16 + 160 + 4 + 16
    assert peaks["Steps"] == 16 + 160 + 4 + 16 + 4


def grouped(X: Tensor) -> Tensor:
    """Multiply with two experts in float32, which torch's operation computes, and refuses without values."""
    experts, ends = torch.ones(2, 4, 8), torch.tensor([1, 2], dtype=torch.int32)
    return (lambda: torch._grouped_mm(X, experts, offs=ends))()  # its line is looked for by this word


CASES: dict[str, tuple[Callable[[Steps, Tensor], object], list[str]]] = {
    "if": (
        lambda net, X: X if net.layer(X).sum() > 0 else -X,
        ["depends on values", "test_dry_run.py:", "torch.where"],
    ),
    "equal": (lambda net, X: torch.equal(X, X), ["depends on values", "test_dry_run.py:"]),
    "item in a condition": (lambda net, X: X if X.sum().item() > 0 else -X, ["depends on values", "torch.where"]),
    "numpy": (lambda net, X: torch.tensor(X.numpy()), ["in numpy at test_dry_run.py:", "needs real tensors"]),
    "experts": (lambda net, X: grouped(X), ["in _grouped_mm at test_dry_run.py:", "needs real tensors"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_looks_at_values_is_named(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    forward, parts = CASES[name]
    _, reason, _ = dry(Steps(forward), torch.rand(2, 4))
    assert reason is not None
    for part in parts:
        assert part in reason
    assert "lambda" in reason, "the line is quoted"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("forward", "shape"),
    [
        (lambda net, X: net.layer(X[X[:, 0] > 0]), "[?, 4]"),
        (lambda net, X: X.nonzero(), "[?, 2]"),
        (lambda net, X: X * X.sum().item(), "[2, 4]"),
    ],
    ids=["mask", "nonzero", "item"],
)
def test_sizes_that_depend_on_values_are_said_to_be_unknown(forward: Any, shape: str) -> None:
    trace, reason, _ = dry(Steps(forward), torch.rand(2, 4))
    assert reason is None
    assert shape_as_text(trace.calls[0].output) == shape
    assert all(type(number) in (int, type(None)) for call in trace.calls for number in (call.bytes, call.flops))


def test_an_error_of_the_models_own_is_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="same reduction dim"):
        dry(Steps(lambda net, X: net.layer(X)), torch.rand(2, 5))
    assert capfd.readouterr().err == "", "torch's log of it is kept away"


def test_what_has_no_formula_by_name_is_counted_by_what_it_does() -> None:
    forward = lambda net, X: torch.einsum("bi,ij,jk->bk", X, torch.ones(4, 4), torch.ones(4, 4))  # noqa: E731
    trace, _, _ = dry(Steps(forward), torch.rand(2, 4))
    assert trace.calls[0].flops == 2 * (2 * 2 * 4 * 4)
    assert trace.not_counted == {}
    trace, _, _ = dry(Steps(lambda net, X: torch.linalg.inv(X)), torch.rand(4, 4))
    assert trace.not_counted == {"linalg_inv": 1}


def test_meta_tensors_that_are_one_stay_one() -> None:
    with torch.device("meta"):
        net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    trace, reason, _ = dry(net, torch.rand(2, 4, device="meta"))
    assert reason is None
    assert [call.tensors for call in trace.calls][1:] == [("0.weight", "0.bias"), ("1.weight", "1.bias")]


def test_that_the_memory_of_an_lstm_is_more_than_can_be_known_is_said() -> None:
    net, X = nn.LSTM(4, 8, 2), torch.rand(5, 3, 4)
    dry, real = Trace(), Trace()
    run_dry(lambda: ((X,), {}), LiveTree.of(net), dry)
    run_forward(net, (X,), {}, LiveTree.of(net), real)
    kept, known = real.totals().kept, dry.totals().kept
    assert kept is not None
    assert known is not None
    assert known <= kept
    assert [call.op for call in dry.calls if WORKSPACE in call.note] == ["lstm"]
    assert not any(call.note for call in real.calls)
    with torch.no_grad():
        quiet = Trace()
        run_dry(lambda: ((X,), {}), LiveTree.of(net), quiet)
    assert not any(call.note for call in quiet.calls)
