"""Statistics of many floats taken piece by piece, against those of a double precision tensor taken as a whole."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from models.run.trace import many_statistics as module
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.many_statistics import MANY, is_many, sums_of
from models.run.trace.output_statistics import statistics_of


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Give a test one thread of torch's."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("piece", [2**12, 2**13 + 8, 2**20])
@pytest.mark.parametrize("elements", [1, 1023, 1024, 5000, 70_001])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("is_wide", [True, False])
def test_sums(monkeypatch: pytest.MonkeyPatch, piece: int, elements: int, dtype: torch.dtype, is_wide: bool) -> None:
    monkeypatch.setattr(module, "PIECE", piece)
    monkeypatch.setattr(module, "_HAS_AVX512", is_wide)
    values = torch.randn(elements, generator=torch.Generator().manual_seed(elements)).to(dtype)
    for each in (values, values.relu(), values.relu() * -1.0, values + 5, torch.zeros_like(values), values.round()):
        found, wide = sums_of(each), each.double()
        assert found is not None
        assert (found.minimum, found.maximum) == (each.min().item(), each.max().item())
        assert found.zeros == each.tolist().count(0.0)
        assert found.total == pytest.approx(wide.sum().item(), rel=1e-5, abs=1e-3)
        assert found.squares == pytest.approx(wide.square().sum().item(), rel=1e-5)
    for bad in (math.nan, math.inf, -math.inf):
        spoiled = values.clone()
        spoiled[elements // 2] = bad
        assert sums_of(spoiled) is None


def test_many_are_summed_in_pieces_and_the_rest_is_as_before(one_thread: None) -> None:
    generator = torch.Generator().manual_seed(0)
    assert is_many(MANY)
    assert not is_many(MANY - 1)
    values = torch.randn(5, MANY, generator=generator)
    for each in (values, values.t(), values.relu(), values + 1000, values * 1e30):
        found, wide = statistics_of(each), each.double()
        assert found is not None
        assert (found.minimum, found.maximum, found.zeros) == (
            wide.min(),
            wide.max(),
            each.numel() - each.count_nonzero(),
        )
        assert found.mean == pytest.approx(wide.mean().item(), rel=1e-5, abs=1e-5 * wide.abs().max().item())
        assert found.std == pytest.approx(wide.std(correction=0).item(), rel=1e-4)
    values[2, 7], values[4, 1] = math.nan, -math.inf
    found = statistics_of(values)
    assert found is not None
    assert (found.nan, found.positive_inf, found.negative_inf, found.elements) == (1, 0, 1, 5 * MANY)


@pytest.mark.parametrize("first", [True, False])
def test_flags_that_were_taken_in_inference_mode_serve_outside_of_it(first: bool, one_thread: None) -> None:
    module._Flags._own.__dict__.clear()
    values = torch.randn(MANY, generator=torch.Generator().manual_seed(0)).round()
    for inference in (first, not first):
        with torch.inference_mode(inference):
            found = sums_of(values)
        assert found is not None
        assert found.zeros == values.tolist().count(0.0)


def test_several_threads_begin_later() -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert not is_many(2 * MANY - 1)
        assert is_many(2 * MANY)
    finally:
        torch.set_num_threads(threads)


def test_those_that_were_asked_for_among_fake_tensors_leave_later_ones_alone() -> None:
    values = torch.arange(float(MANY * torch.get_num_threads())) + 1
    found: list[OutputStatistics | None] = []

    def ask() -> None:  # in a thread that asked for none before
        with FakeTensorMode(allow_non_fake_inputs=True):
            found.append(statistics_of(values))
        values[:3] = 0
        found.append(statistics_of(values))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    among, later = found
    assert among is None
    assert later is not None
    assert later.zeros == 3
