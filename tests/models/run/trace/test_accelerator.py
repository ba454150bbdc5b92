"""Of `accelerator` and `looks`: what a device measures is what the processor would, and it is read in one go.

The tensors lie on the processor here and are treated as if they did not; `tests/cuda` has the same on a device.
"""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.live.live_tree import LiveTree
from models.run.trace import run_tensors
from models.run.trace.accelerator import TOGETHER, WAITING, Readings
from models.run.trace.dead import note_dead
from models.run.trace.output_statistics import spread_of_rows, statistics_of
from models.run.trace.tracing import Trace, tracing

floats = st.one_of(st.floats(-1e4, 1e4, width=32), st.sampled_from([0.0, -0.0, 3.5, math.nan, math.inf, -math.inf]))
DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int8, torch.uint8, torch.bool]


def measured(tensor, **options):
    readings = Readings()
    pending = readings.measure(tensor, **options)
    assert pending.found is None
    readings.read()
    return pending.found


@settings(deadline=None)
@given(st.lists(floats, min_size=1, max_size=40), st.sampled_from(DTYPES))
def test_it_is_what_the_processor_measures(values, dtype):
    if not dtype.is_floating_point:
        values = [0.0 if not math.isfinite(value) else abs(value) % 100 for value in values]
    tensor = torch.tensor(values, dtype=torch.float64).to(dtype)
    found, expected = measured(tensor), statistics_of(tensor)
    for name in ("elements", "minimum", "maximum", "zeros", "nan", "positive_inf", "negative_inf"):
        assert getattr(found, name) == getattr(expected, name), name
    scale = max(map(abs, (expected.minimum, expected.maximum))) if expected.finite else 0.0
    assert found.total == pytest.approx(expected.total, abs=1e-5 * scale * len(values), rel=1e-5)
    if expected.finite:
        assert found.std == pytest.approx(expected.std, abs=1e-3 * scale)


def test_a_large_mean_leaves_the_spread_around_it():
    tensor = torch.linspace(1000.0, 1000.5, 5000)
    assert measured(tensor).std == pytest.approx(float(tensor.double().std(unbiased=False)), rel=1e-3)


@pytest.mark.parametrize("size", [1e25, 1e-25])
def test_numbers_whose_squares_have_no_room_have_a_spread(size):
    tensor = torch.tensor([1.0, 2.0, 4.0]) * size
    assert measured(tensor).std == pytest.approx(float(tensor.double().std(unbiased=False)), rel=1e-5)


def test_large_tensors_come_in_pieces(monkeypatch):
    monkeypatch.setattr("models.run.trace.accelerator.PIECE", 7)
    tensor = torch.arange(20.0).reshape(4, 5)
    found = measured(tensor)
    assert (found.elements, found.minimum, found.maximum, found.total) == (20, 0, 19, 190)
    assert found.std == pytest.approx(float(tensor.std(unbiased=False)))


@pytest.mark.parametrize("unit", [1, 2])
def test_units_that_are_zero_throughout(unit):
    tensor = torch.rand(4, 3, 5) + 0.1
    tensor.select(unit, 0).zero_()
    expected = statistics_of(tensor)
    note_dead(tensor, expected, unit)
    found = measured(tensor, by_unit=unit)
    assert (found.units, found.dead) == (expected.units, expected.dead) == (tensor.shape[unit], 1)


@pytest.mark.parametrize("apart", [1.0, 1e-3, 0.0])
def test_how_unlike_the_rows_are(apart):
    generator = torch.Generator().manual_seed(3)
    tensor = torch.rand(1, 50, generator=generator) + apart * torch.rand(6, 50, generator=generator)
    readings, taken = Readings(), []
    pending = readings.measure(tensor)
    readings.rows(tensor, pending, taken.append)
    readings.read()
    assert taken == [pytest.approx(spread_of_rows(tensor, statistics_of(tensor)), rel=1e-3, abs=1e-6)]


def test_what_waits_behind_one_measure_does_not_wait_without_end():
    readings, done = Readings(), []
    readings.measure(torch.rand(5))
    for number in range(WAITING):
        readings.then(partial(done.append, number))
    assert done == list(range(WAITING))
    assert not readings.waiting


class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(3)])
        self.last = nn.Linear(8, 2)

    def forward(self, X):
        for _ in range(3):
            X = X.clone().mul_(2)
        return self.last(self.blocks(X)).softmax(-1)


def traced(net, *args):
    trace = Trace()
    with torch.no_grad(), tracing(net, LiveTree.of(net), trace):
        net(*args)
    return trace


@pytest.fixture
def later(monkeypatch):
    """Treat every tensor as if it lay where a look at a number waits; return how often numbers were read."""
    reads = []
    read = Readings.read
    monkeypatch.setattr(run_tensors, "is_read_later", lambda tensor: True)
    monkeypatch.setattr(Readings, "read", lambda self: (reads.append(len(self._measures)), read(self)))
    return reads


def test_the_rows_are_the_same_and_read_once(later, monkeypatch):
    torch.manual_seed(0)
    net, X = Layers(), torch.rand(4, 8)
    found = traced(net, X)
    assert len([each for each in later if each]) == 1
    monkeypatch.setattr(run_tensors, "is_read_later", lambda tensor: False)
    expected = traced(net, X)
    assert [row.op for row in found.calls] == [row.op for row in expected.calls]
    for mine, theirs in zip(found.calls, expected.calls, strict=True):
        if theirs.statistics is None:
            assert mine.statistics is None
            continue
        for name in ("elements", "minimum", "maximum", "zeros", "nan", "units", "dead"):
            assert getattr(mine.statistics, name) == getattr(theirs.statistics, name), (mine.op, name)
        assert mine.statistics.std == pytest.approx(theirs.statistics.std, rel=1e-4)
        assert mine.statistics.rows == pytest.approx(theirs.statistics.rows, rel=1e-3)


def test_of_a_long_run_no_more_waits_than_is_read_together(later):
    class Loop(nn.Module):
        def forward(self, X):
            for _ in range(2000):
                X = X * 1.0
            return X

    trace = traced(Loop(), torch.rand(2, 3))
    assert max(later) <= 2 * TOGETHER + 2
    assert sum(later) >= 2 * 2000
    assert (trace.calls[1].repeat, trace.calls[1].statistics.elements) == (2000, 12_000)


def test_a_device_that_fails_leaves_the_run_as_it_is(later, monkeypatch):
    def fails(tensors):
        raise RuntimeError("device-side assert triggered")

    monkeypatch.setattr("models.run.trace.accelerator._read", fails)
    trace = traced(Layers(), torch.rand(4, 8))
    assert trace.finished
    assert all(row.statistics is None for row in trace.calls)
