"""Moments without a histogram, by both summarisers, compared with the census, with torch and with plain Python.

Of `moments_pass`, `summaries`, `fast` and `extremes`.  Where the extra package is not installed, its part is left out.
"""

from __future__ import annotations

import importlib.util
import math
import statistics as exact_statistics

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.messages import StatisticsOf
from models.tensors.statistics import chunks, fast, measure, moments_pass, tensor_stream
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled
from tests.models.stored.held import Held

WITH_TORCH = [torch.float32, torch.float64, torch.int32, torch.int64]
WITH_PACKAGE = [torch.float32, torch.bfloat16, torch.float16, torch.int8, torch.uint8]
needs_package = pytest.mark.skipif(importlib.util.find_spec("numkong") is None, reason="needs NumKong")
WAYS = [
    *((dtype, False) for dtype in WITH_TORCH),
    *(pytest.param(dtype, True, marks=needs_package) for dtype in WITH_PACKAGE),
]


def cut_up(patch: pytest.MonkeyPatch, package: bool) -> None:
    """Measure small tensors as large ones are, in many pieces; with the extra package, or with torch alone."""
    patch.setattr(measure, "SORT_LIMIT", 0)
    patch.setattr(measure, "EXACT_LIMIT", 0)
    patch.setattr(tensor_stream, "BLOCK", 60)
    patch.setattr(chunks, "CHUNK", 10)
    patch.setattr(moments_pass, "PIECE", 80)
    if not package:
        patch.setattr(fast, "kernels", lambda: None)


def moments(tensor: torch.Tensor, package: bool = False) -> StatisticsOf:
    with pytest.MonkeyPatch.context() as patch:
        cut_up(patch, package)
        found = statistics(readable_of(tensor), path="a", only_moments=True)
    assert (found.counts, found.edges, found.quantiles) == ([], [], [])  # it was no census
    return found


def check(found: StatisticsOf, tensor: torch.Tensor, first: bool = True) -> None:
    """Compare with exact sums in Python: counts, extremes and places are exact, sums of some digits."""
    values = tensor.double().flatten().tolist()
    finite = [value for value in values if math.isfinite(value)]
    assert found.count == len(values)
    assert (found.nan, found.inf) == (sum(map(math.isnan, values)), sum(map(math.isinf, values)))
    assert found.zeros == finite.count(0)
    if not finite:
        assert (found.minimum, found.maximum, found.mean, found.minimum_at, found.maximum_at) == (None,) * 5
        return
    assert (found.minimum, found.maximum) == (min(finite), max(finite))
    for at, wanted in ((found.minimum_at, min(finite)), (found.maximum_at, max(finite))):
        assert tensor[tuple(at)].item() == wanted
        if first:
            assert at == (tensor.double() == wanted).nonzero()[0].tolist()
    root = math.hypot(*finite) / math.sqrt(len(finite))
    assert found.mean == pytest.approx(exact_statistics.fmean(finite), rel=0, abs=1e-6 * root)
    assert found.l2 == pytest.approx(math.hypot(*finite), rel=1e-5)
    if len(finite) > 1:
        assert found.std == pytest.approx(exact_statistics.stdev(finite), rel=2e-5, abs=1e-9 * root)


numbers = st.one_of(
    st.floats(-1000, 1000, width=16),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 7.0, 65504.0, -65504.0, 6e-8, 1e-30, -3e38]),
)


@pytest.mark.parametrize(("dtype", "package"), WAYS, ids=str)
@settings(deadline=None)
@given(values=st.lists(numbers, min_size=1, max_size=200), constant=st.integers(0, 60))
@example(values=[math.nan] * 90, constant=0)
@example(values=[0.0, -0.0] * 60, constant=0)
@example(values=[-0.0] * 60 + [1.0], constant=0)
@example(values=[-1.0, -2.0, -3.0] * 30, constant=0)
@example(values=[3.0, 2.0, 1.0] * 30, constant=0)
@example(values=[3e38] * 90, constant=0)
@example(values=[1e-30, -1e-30, 0.0] * 30, constant=0)
@example(values=[1000.0, 1000.5] * 90, constant=0)
def test_any_mix(dtype, package, values, constant):
    tensor = torch.tensor([*values, *[values[0]] * constant], dtype=torch.float64)
    if not dtype.is_floating_point:
        limits = torch.iinfo(dtype)
        tensor = tensor.nan_to_num(0, 99, -99).clamp(max(limits.min, -(2**31)), min(limits.max, 2**30))
    check(moments(tensor.to(dtype), package), tensor.to(dtype))


@pytest.mark.parametrize(("dtype", "package"), WAYS, ids=str)
@pytest.mark.parametrize("scale", [1e-3, 3.0, 100.0])
def test_large_pieces_agree_with_the_census(dtype, package, scale, monkeypatch):
    if not package:
        monkeypatch.setattr(fast, "kernels", lambda: None)
    tensor = torch.randn(700_001, generator=torch.Generator().manual_seed(1)) * scale
    tensor[::50] = 0.0
    tensor[1::50] = -0.0
    if not dtype.is_floating_point:
        tensor = tensor.mul(10).clamp(0 if dtype == torch.uint8 else -128, 127)
    tensor = tensor.to(dtype)
    brief = statistics(readable_of(tensor), path="a", only_moments=True)
    whole = statistics(readable_of(tensor), path="a", exact=True)
    assert brief.counts == []
    assert whole.counts
    for name in ("count", "minimum", "maximum", "minimum_at", "maximum_at", "zeros", "nan", "inf", "absmax"):
        assert getattr(brief, name) == getattr(whole, name), name
    assert brief.mean == pytest.approx(whole.mean, rel=0, abs=1e-6 * whole.l2 / math.sqrt(whole.count))
    assert brief.std == pytest.approx(whole.std, rel=1e-5)
    assert brief.l2 == pytest.approx(whole.l2, rel=1e-5)


@pytest.mark.parametrize(("dtype", "package"), WAYS, ids=str)
def test_any_strides_and_a_file(dtype, package, monkeypatch):
    cut_up(monkeypatch, package)
    tensor = torch.randint(-99, 99, (20, 36), generator=torch.Generator().manual_seed(2)).abs().to(dtype)
    for view in (tensor.t(), tensor[:, ::3], tensor[2:, 5:], tensor.reshape(6, 10, 12).permute(1, 2, 0)):
        check(statistics(readable_of(view), path="a", only_moments=True), view, first=False)
    check(statistics(Held.of(tensor), path="a", only_moments=True), tensor)


def test_a_far_mean_keeps_its_digits():
    spread = torch.randn(50_000, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = moments(spread + 1e8)
    assert found.std == pytest.approx((spread + 1e8).std().item(), rel=1e-7)
    single = (spread + 1000).float()
    assert moments(single).std == pytest.approx(single.double().std().item(), rel=1e-6)


def test_whole_numbers_beyond_float64_have_their_place():
    tensor = torch.tensor([2**62, 2**62 + 1, -(2**62) - 1, -(2**62)] * 30)
    found = moments(tensor)
    assert (found.minimum_at, found.maximum_at) == ([2], [1])


def test_other_dtypes_are_counted_as_before(monkeypatch):
    cut_up(monkeypatch, package=False)
    for dtype in (torch.bool, torch.float8_e4m3fn, torch.bfloat16, torch.int16, torch.complex64):
        tensor = torch.tensor([0, 1, 1] * 30).to(dtype)
        found = statistics(readable_of(tensor), path="a", only_moments=True)
        assert sum(found.counts) == 90


def test_it_is_cancelled_between_pieces_and_reports_how_far_it_is():
    reported: list[float] = []
    tensor = torch.randn(3_000_000)
    statistics(readable_of(tensor), path="a", only_moments=True, on_progress=reported.append)
    assert reported == sorted(reported)
    assert (reported[0], reported[-1]) == (0, 1)
    assert len(reported) > 5
    left = iter([False, False, True])
    with pytest.raises(Cancelled):
        statistics(readable_of(tensor), path="a", only_moments=True, should_cancel=lambda: next(left))
