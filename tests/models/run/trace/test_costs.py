"""What operations cost, against counts by hand: 2 for each multiplication with its addition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import Steps, traced

ENDS = torch.tensor([8, 8, 24], dtype=torch.int32)
"""Where three groups end; the second one is empty."""
COUNTED: dict[str, tuple[Callable[..., Any], tuple[int, ...], int, int]] = {
    # the operation, the shape it is given, FLOPs, operations on single elements
    "linear": (lambda net, X: net.layer(X), (2, 4), 2 * 2 * 4 * 4, 0),
    "linear of one": (lambda net, X: net.layer(X), (4,), 2 * 4 * 4, 0),
    "linear of three dimensions": (lambda net, X: net.layer(X), (5, 2, 4), 2 * 10 * 4 * 4, 0),
    "matrix product": (lambda net, X: X @ X.T, (3, 5), 2 * 3 * 5 * 3, 0),
    "vector product": (lambda net, X: X @ X, (5,), 2 * 5, 0),
    "batched product": (lambda net, X: torch.bmm(X, X.mT), (7, 3, 5), 2 * 7 * 3 * 5 * 3, 0),
    "broadcast product": (lambda net, X: X @ torch.ones(5, 2), (7, 3, 5), 2 * 7 * 3 * 5 * 2, 0),
    "addmm": (lambda net, X: torch.addmm(torch.ones(3, 3), X, X.T), (3, 5), 2 * 3 * 5 * 3, 0),
    "addbmm": (lambda net, X: torch.addbmm(torch.ones(3, 3), X, X.mT), (7, 3, 5), 2 * 7 * 3 * 5 * 3, 0),
    "groups of rows": (
        lambda net, X: torch._grouped_mm(X, torch.ones(3, 16, 8), offs=ENDS), (24, 16), 2 * 24 * 16 * 8, 0,
    ),
    "groups of rows, as a function": (
        lambda net, X: F.grouped_mm(X, torch.ones(3, 16, 8), offs=ENDS), (24, 16), 2 * 24 * 16 * 8, 0,
    ),
    "groups of columns": (
        lambda net, X: torch._grouped_mm(X, torch.ones(16, 24), offs=ENDS), (3, 8, 16), 2 * 8 * 16 * 24, 0,
    ),
    "groups within the product": (
        lambda net, X: torch._grouped_mm(X, torch.ones(24, 16), offs=ENDS), (8, 24), 2 * 8 * 24 * 16, 0,
    ),
    "a group for each": (
        lambda net, X: torch._grouped_mm(X, torch.ones(3, 16, 8)), (3, 24, 16), 2 * 3 * 24 * 16 * 8, 0,
    ),
    "outer": (lambda net, X: torch.outer(X, X), (6,), 2 * 36, 0),
    "convolution": (lambda net, X: F.conv2d(X, torch.ones(8, 3, 3, 3)), (1, 3, 6, 6), 2 * 8 * 16 * 27, 0),
    "grouped convolution": (
        lambda net, X: F.conv2d(X, torch.ones(4, 1, 3, 3), groups=4), (1, 4, 6, 6), 2 * 4 * 16 * 9, 0,
    ),
    "transposed convolution": (
        lambda net, X: F.conv_transpose2d(X, torch.ones(3, 5, 2, 2), stride=2), (1, 3, 4, 4), 2 * 3 * 16 * 5 * 4, 0,
    ),
    "attention": (
        lambda net, X: F.scaled_dot_product_attention(X, X, X), (2, 3, 6, 8), 2 * 2 * 3 * 6 * 6 * (8 + 8), 0,
    ),
    "product of labels": (
        lambda net, X: torch.einsum("bi,ij->bj", X, torch.ones(4, 3)), (2, 4), 2 * 2 * 4 * 3, 0,
    ),
    "activation": (lambda net, X: X.relu(), (3, 5), 0, 15),
    "sum": (lambda net, X: X.sum(), (3, 5), 0, 15),
    "softmax": (lambda net, X: X.softmax(-1), (3, 5), 0, 15),
    "addition that spreads": (lambda net, X: X + torch.ones(3, 1), (5,), 0, 15),
    "in place": (lambda net, X: X.mul_(2), (3, 5), 0, 15),
    "view": (lambda net, X: X.view(-1), (3, 5), 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTED)
def test_operations_against_counts_by_hand(name: str) -> None:
    forward, shape, flops, elementwise = COUNTED[name]
    row = traced(Steps(forward), torch.rand(shape))[0]
    assert (row.flops, row.elementwise) == (flops, elementwise)


@pytest.mark.parametrize(
    ("net", "shape", "flops"),
    [
        # 4 gates; each step takes the input and the state through their own weights
        (nn.LSTM(3, 5), (7, 2, 3), 2 * 7 * 2 * 4 * 5 * (3 + 5)),
        (nn.LSTM(3, 5, bidirectional=True, num_layers=2), (7, 2, 3), 2 * 2 * 7 * 2 * 4 * 5 * ((3 + 5) + (10 + 5))),
        (nn.LSTM(3, 5), (7, 3), 2 * 7 * 4 * 5 * (3 + 5)),
        (nn.GRU(3, 5, batch_first=True), (2, 7, 3), 2 * 7 * 2 * 3 * 5 * (3 + 5)),
        (nn.RNN(3, 5), (7, 2, 3), 2 * 7 * 2 * 5 * (3 + 5)),
        (nn.LSTMCell(3, 5), (2, 3), 2 * 2 * 4 * 5 * (3 + 5)),
        (nn.GRUCell(3, 5), (2, 3), 2 * 2 * 3 * 5 * (3 + 5)),
        (build_example("mlp"), (2, 20), 2 * 2 * (20 * 256 + 256 * 10)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_layers_against_counts_by_hand(net: nn.Module, shape: tuple[int, ...], flops: int) -> None:
    assert traced(net, torch.rand(shape))[0].flops == flops


def test_packed_sequences() -> None:
    net = nn.LSTM(3, 5)
    packed = nn.utils.rnn.pack_padded_sequence(torch.rand(7, 2, 3), torch.tensor([7, 4]))
    assert traced(net, packed)[0].flops == 2 * (7 + 4) * 4 * 5 * (3 + 5)


def test_attention_with_its_projections() -> None:
    net = nn.MultiheadAttention(8, 2, batch_first=True)
    X = torch.rand(2, 6, 8)
    assert traced(net, X, X, X)[0].flops == 2 * 2 * 6 * 8 * 8 * 4 + 2 * 2 * 2 * 6 * 6 * 8


def test_a_loop_costs_as_often_as_it_turns() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        for _ in range(10):
            X = net.layer(X)
        return X

    rows = traced(Steps(forward), torch.rand(2, 4))
    assert [(row.op, row.repeat, row.flops) for row in rows] == [("Steps", 1, 640), ("Linear", 10, 640)]


def test_what_is_not_counted_is_not_0() -> None:
    net, trace = Steps(lambda net, X: torch.linalg.inv(X) @ X), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.eye(4))
    assert trace.not_counted == {"linalg_inv": 1}
    assert [(call.op, call.flops) for call in trace.calls] == [("Steps", 128), ("linalg_inv", None), ("matmul", 128)]
    assert traced(Steps(lambda net, X: torch.linalg.inv(X)), torch.eye(4))[0].flops is None


def test_the_sums_agree() -> None:
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3)
    rows = traced(net, torch.rand(2, 5, 8))
    inner = [row for index, row in enumerate(rows) if index + 1 == len(rows) or rows[index + 1].depth <= row.depth]
    assert rows[0].flops == sum(row.flops or 0 for row in inner)
    assert rows[0].elementwise == sum(row.elementwise or 0 for row in inner)
    assert rows[0].seconds == pytest.approx(sum(row.self_seconds or 0 for row in rows))
