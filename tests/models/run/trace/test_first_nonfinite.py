"""The first NaN or infinity of a run: where it was born, or that it came from outside."""

from __future__ import annotations

import torch

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import Steps, traced


def test_the_first_nan_and_where_it_was_born() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        Y = net.layer(X) * 0
        Y = Y / Y
        Y = Y * 2
        return Y + 1

    rows = traced(net := Steps(forward), X := torch.rand(2, 4))
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(X)
    first = trace.nonfinite
    assert first is not None
    assert (first["phase"], first["what"], first["module"], first["op"], first["tensor"]) == (
        "forward",
        "NaN",
        "",
        "div",
        None,
    )
    assert first["where"] == f"test_first_nonfinite.py:{forward.__code__.co_firstlineno + 2}"
    assert first["call"] is not None
    assert rows[first["call"]].op == "div"
    assert rows[first["call"]].note == "first NaN"


def test_a_nan_in_a_weight_and_one_in_the_input() -> None:
    net = build_example("sequential")
    with torch.no_grad():
        net[2].bias[3] = float("inf")
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2, 20))
    first = trace.nonfinite
    assert first is not None
    assert (first["what"], first["module"], first["op"], first["tensor"], first["call"]) == (
        "infinity", "2", "linear", "2.bias", 3,
    )  # fmt: skip
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.full((2, 20), float("nan")))
    assert trace.nonfinite is not None
    assert (trace.nonfinite["phase"], trace.nonfinite["call"]) == ("input", 0)


def test_a_nan_within_a_loop_unfolds_its_turn() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        for _ in range(200):
            X = X * 2
        return X

    rows = traced(Steps(forward), torch.ones(1))
    assert [(row.op, row.repeat, row.note) for row in rows[1:]] == [
        ("mul", 127, ""), ("mul", 1, "first infinity"), ("mul", 72, ""),
    ]  # fmt: skip
