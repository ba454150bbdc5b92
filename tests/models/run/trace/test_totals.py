"""The sums agree: what a module costs is what the calls within it cost, however they nest, repeat and fold."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.dry.dry_run import run_dry
from models.run.forward import run_forward
from models.run.trace.calls import Call
from models.run.trace.record import Trace
from models.run.trace.totals import totals_of
from tests.cases import examples

WIDTH = 4
LEAVES = ("linear", "relu", "tanh", "norm", "matmul", "add", "view", "sum")
PROGRAMS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.tuples(st.integers(1, 4), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=12,
)


class Program(nn.Module):
    """Runs the parts of a program in their order, as often as it says: operations, layers and programs."""

    def __init__(self, times: int, parts: list[object]) -> None:
        super().__init__()
        self.times = times
        self.parts = [part if isinstance(part, str) else "" for part in parts]
        self.inner = nn.ModuleList([_module(part) for part in parts])

    def forward(self, X: Tensor) -> Tensor:
        for _ in range(self.times):
            for name, module in zip(self.parts, self.inner, strict=True):
                if name == "matmul":
                    X = X @ X.mT
                elif name == "add":
                    X = X + X.sum(-1, keepdim=True)
                elif name == "view":
                    X = X.view(-1).view(WIDTH, WIDTH)
                elif name == "sum":
                    X = X * X.sum()
                else:
                    X = module(X)
        return X


def _module(part: object) -> nn.Module:
    if isinstance(part, tuple):
        return Program(*part)
    layers = {"linear": nn.Linear(WIDTH, WIDTH), "relu": nn.ReLU(), "tanh": nn.Tanh(), "norm": nn.LayerNorm(WIDTH)}
    return layers.get(str(part), nn.Identity())


def children(rows: list[Call], index: int) -> list[Call]:
    """The rows directly within the row at `index`."""
    depth, found = rows[index].depth, []
    for row in rows[index + 1 :]:
        if row.depth <= depth:
            break
        if row.depth == depth + 1:
            found.append(row)
    return found


def check(rows: list[Call], names: tuple[str, ...]) -> None:
    for index, row in enumerate(rows):
        inner = children(rows, index)
        for name in names if inner else ():
            own, theirs = getattr(row, name), [getattr(each, name) for each in inner]
            assert own == sum(each for each in theirs if each is not None), (row, name)
    totals = totals_of(rows)
    for name in names:
        assert getattr(totals, name) == getattr(rows[0], name)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 3), st.lists(PROGRAMS, min_size=1, max_size=4))
def test_what_a_module_costs_is_what_its_calls_cost(times: int, parts: list[object]) -> None:
    net, trace = Program(times, parts), Trace()
    X = torch.rand(WIDTH, WIDTH, requires_grad=True)
    result = run_forward(net, (X,), {}, LiveTree.of(net), trace)
    assert result.problem is None
    rows = trace.calls
    with_operations = any(row.kind == "operation" or row.flops is not None for row in rows)
    check(rows, ("flops", "elementwise") if with_operations else ())
    for index, row in enumerate(rows):
        assert row.seconds is not None
        assert row.self_seconds is not None
        inner = children(rows, index)
        if inner:
            assert row.seconds == pytest.approx(row.self_seconds + sum(each.seconds or 0 for each in inner), abs=1e-5)


@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 2), st.lists(PROGRAMS, min_size=1, max_size=3))
def test_without_values_it_costs_the_same(times: int, parts: list[object]) -> None:
    net, trace, dry = Program(times, parts), Trace(), Trace()
    X = torch.rand(WIDTH, WIDTH, requires_grad=True)
    run_forward(net, (X,), {}, LiveTree.of(net), trace)
    _, reason = run_dry(lambda: ((X,), {}), LiveTree.of(net), dry)
    assert reason is None
    found, expected = dry.totals(), trace.totals()  # rows may differ: one whose values overflow is not folded
    for name in ("flops", "elementwise", "kept"):
        assert getattr(found, name) == getattr(expected, name)
    assert dry.calls[0].bytes == trace.calls[0].bytes
    peaks = [row.peak or 0 for row in dry.calls]
    assert peaks[0] == max(peaks)
