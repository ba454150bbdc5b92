"""Which NaN and infinities of a run matter, and where they were made: none on purpose, none that is gone again."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.trace import run_tensors
from models.run.trace.record import FirstNonfinite
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import Steps

INF, NAN = float("inf"), float("nan")
MASK = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)


@pytest.fixture(autouse=True, params=["at once", "measured by a device"])
def when(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "measured by a device":  # as if every tensor lay where a look at a number would wait
        monkeypatch.setattr(run_tensors, "is_read_later", lambda tensor: True)


def first(forward: Callable[..., object], *args: object) -> FirstNonfinite | None:
    torch.manual_seed(0)
    net, trace = Steps(forward), Trace()
    with torch.no_grad(), tracing(net, LiveTree.of(net), trace):
        net(*(args or (torch.rand(4, 4),)))
    return trace.nonfinite


def softmax_of(mask: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda net, X: net.layer(mask(X @ X.T).softmax(-1) @ X)


def additive(X: Tensor) -> Tensor:
    return X + torch.full((4, 4), -INF).triu(1)


def by_index(X: Tensor) -> Tensor:
    X = X.clone()
    X[MASK] = -INF
    return X


def in_place(X: Tensor) -> Tensor:
    return X.masked_fill_(MASK, -INF)


def padded_pool(net: Steps, X: Tensor) -> Tensor:
    padded = F.pad(X, (1, 1), value=-INF)
    return F.max_pool1d(padded[None], 3)[0]


def guarded_log(net: Steps, X: Tensor) -> Tensor:
    Y = X - 0.5
    return torch.where(Y > 0, Y.log(), torch.zeros(()))


def naive_sigmoid(net: Steps, X: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(X * 1000))


def minimum_over_infinity(net: Steps, X: Tensor) -> Tensor:
    best = torch.full((4,), INF)
    for row in X:
        best = torch.minimum(best, row)
    return best


def running_maximum(net: Steps, X: Tensor) -> Tensor:
    largest, total = torch.full((4, 1), -INF), torch.zeros(4, 1)
    for block in X.split(2, 1):
        new = torch.maximum(largest, block.amax(1, keepdim=True))
        total = total * (largest - new).exp() + (block - new).exp().sum(1, keepdim=True)
        largest = new
    return total


def banned_logits(net: Steps, X: Tensor) -> Tensor:
    return X.masked_fill(MASK, -INF)


def unset(net: Steps, X: Tensor) -> Tensor:
    Y = torch.empty(10_000)
    Y.fill_(0)
    return Y


SOUND = {
    "masked_fill": softmax_of(lambda X: X.masked_fill(MASK, -INF)),
    "additive mask": softmax_of(additive),
    "mask by index": softmax_of(by_index),
    "mask in place": softmax_of(in_place),
    "where": softmax_of(lambda X: torch.where(MASK, -INF, X)),
    "where with a tensor": softmax_of(lambda X: torch.where(MASK, torch.tensor(-INF), X)),
    "scaled attention": lambda net, X: F.scaled_dot_product_attention(X, X, X, is_causal=True),
    "padded pool": padded_pool,
    "guarded log": guarded_log,
    "guarded division": lambda net, X: torch.nan_to_num(X / torch.zeros(4)),
    "naive sigmoid": naive_sigmoid,
    "minimum over infinity": minimum_over_infinity,
    "running maximum": running_maximum,
    "banned logits": banned_logits,
    "memory that is not set": unset,
    "log of zero that a softmax takes away": lambda net, X: torch.eye(4).log().softmax(-1),
    "a NaN that is gone": lambda net, X: ((X - X) / (X - X)).mul(0).nan_to_num(),
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_reported_of_a_sound_network(name: str) -> None:
    assert first(SOUND[name]) is None


def overflow(net: Steps, X: Tensor) -> Tensor:
    return (X * 1000).exp().mean(0)


def behind_a_mask(net: Steps, X: Tensor) -> Tensor:
    Y = X.masked_fill(MASK, -INF).softmax(-1)
    return (net.layer(Y) - 50).log()


def masked_row(net: Steps, X: Tensor) -> Tensor:
    return X.masked_fill(torch.ones(4, 4, dtype=torch.bool), -INF).softmax(-1)


def in_a_view(net: Steps, X: Tensor) -> Tensor:
    Y = X.clone()
    Y[:, 1].sub_(5).log_()
    return Y.view(2, 8).sin()


def log_in_place(net: Steps, X: Tensor) -> Tensor:
    return X.sub(5).log_() * 2


def half_overflow(net: Steps, X: Tensor) -> Tensor:
    return (X.half() + 300).square() * 0.5


def of_masked_infinity(net: Steps, X: Tensor) -> Tensor:
    Y = X.masked_fill(MASK, -INF)
    return (Y * 1e-30).sum(-1) - (Y * 1e-30).sum(-1)


def written_in_parts(net: Steps, X: Tensor) -> Tensor:
    kept = torch.zeros(8, 4)
    for step in range(4):
        kept[step] = (X[step] - 5).log() if step == 2 else X[step]
    return kept.sum(0)


def joined(net: Steps, X: Tensor) -> Tensor:
    good, bad = X.chunk(2)
    return torch.cat([good, bad / 0])


def more_than_the_mask(net: Steps, X: Tensor) -> Tensor:
    return (X.masked_fill(MASK, -INF) * torch.tensor([[3e38], [1.0], [1.0], [1.0]]) * 100).exp()


FAULTY = {
    "overflow": (overflow, "infinity", "exp"),
    "log behind a mask": (behind_a_mask, "NaN", "log"),
    "a row that is masked as a whole": (masked_row, "NaN", "softmax"),
    "in a view, in place": (in_a_view, "NaN", "log_"),
    "in place": (log_in_place, "NaN", "log_"),
    "half precision": (half_overflow, "infinity", "square"),
    "infinity minus infinity of a mask": (of_masked_infinity, "NaN", "sub"),
    "written in parts": (written_in_parts, "NaN", "log"),
    "joined": (joined, "infinity", "div"),
    "more than the mask": (more_than_the_mask, "infinity", "mul"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_what_a_faulty_network_made_and_where(name: str) -> None:
    forward, what, op = FAULTY[name]
    found = first(forward)
    assert found is not None
    assert (found["what"], found["op"]) == (what, op)


def test_what_a_view_in_the_result_leaves_out_did_not_reach_it() -> None:
    def forward(net: Steps, X: Tensor, columns: slice) -> Tensor:
        return (X - torch.tensor([0.0, 5.0])).log()[:, columns]

    X = torch.full((3, 2), 2.0)
    assert first(forward, X, slice(0, 1)) is None
    found = first(forward, X, slice(1, 2))
    assert found is not None
    assert (found["what"], found["op"]) == ("NaN", "log")


@pytest.mark.parametrize("number", [NAN, INF])
def test_a_number_that_is_written_into_some_elements(number: float) -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        X = X.clone()
        X[0] = number
        return X + 1

    found = first(forward)
    if math.isnan(number):
        assert found is not None
        assert (found["what"], found["op"]) == ("NaN", "__setitem__")
    else:
        assert found is None, "it was put there on purpose, as a mask is"


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_a_nested_tensor_is_recorded_as_any_input() -> None:
    nested = torch.nested.as_nested_tensor([torch.rand(2, 4), torch.rand(3, 4)])
    assert first(lambda net, X: X * 2, nested) is None
    assert first(lambda net, X: net.layer(X), nested) is None
    assert first(lambda net, X: torch.nested.to_padded_tensor(X, 0.0).relu(), nested) is None


def test_three_dimensions_do_not_blame_the_next_layer() -> None:
    """A `Linear` of three dimensions gives a view of what it computed."""
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    with torch.no_grad():
        net[0].weight[0, 0] = 3e38
        net[0].weight[0, 1] = 3e38
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.full((2, 3, 4), 10.0))
    assert trace.nonfinite is not None
    assert (trace.nonfinite["module"], trace.nonfinite["what"]) == ("0", "infinity")


def test_a_nan_names_the_infinity_that_it_was_made_of() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = (X * 1000).exp()
        return Y - Y

    found = first(forward)
    assert found is not None
    line = forward.__code__.co_firstlineno + 1
    assert (found["op"], found["cause"]) == ("sub", {"op": "exp", "where": f"test_origins.py:{line}"})
    found = first(masked_row)
    assert found is not None
    assert found["cause"] is not None
    assert found["cause"]["op"] == "masked_fill"


def test_no_tensor_is_too_large_to_be_looked_at() -> None:
    found = first(lambda net, X: (X - 1).log(), torch.full((2**22 + 1,), 0.5))
    assert found is not None
    assert (found["what"], found["op"]) == ("NaN", "log")


def test_the_buffer_of_a_mask_is_none_that_was_made() -> None:
    class Causal(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mask", torch.full((4, 4), -INF).triu(1))

        def forward(self, X: Tensor) -> Tensor:
            return X + self.mask

    net, trace = Causal(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(4, 4))
    assert trace.nonfinite is None
    net.mask[0, 0] = NAN
    with tracing(net, LiveTree.of(net), trace := Trace()):
        net(torch.rand(4, 4))
    assert trace.nonfinite is not None
    assert (trace.nonfinite["what"], trace.nonfinite["tensor"]) == ("NaN", "mask")


def test_a_run_that_fails_reports_the_nan_that_it_had() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = (X - 5).log()
        raise ValueError("checked" if Y.isnan().any() else "")

    net, trace = Steps(forward), Trace()
    with pytest.raises(ValueError, match="checked"), tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2, 4))
    assert trace.nonfinite is not None
    assert (trace.nonfinite["what"], trace.nonfinite["op"], trace.nonfinite["call"]) == ("NaN", "log", 2)
