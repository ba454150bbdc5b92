"""Statistics compared with Python's exact sums and with torch in float64.

Of `statistics` and `measure`, and of what these are made of: `by_sorting`, `moments`, `histogram`, `quantiles`,
`second_pass`.
"""

import math
import statistics as exact
from itertools import pairwise

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.tensors.statistics import chunks, measure
from models.tensors.statistics.plain import plain_statistics
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled

floats = st.one_of(
    st.floats(-(2.0**100), 2.0**100, width=32), st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e30, -1e30])
)


@settings(deadline=None)
@given(st.lists(floats, max_size=60), st.integers(1, 12), st.integers(1, 9))
@example([], 5, 5)
@example([1.0], 5, 5)
@example([math.nan, math.inf], 5, 1)
@example([3.0] * 7, 4, 2)
def test_any_mix_agrees_with_exact_arithmetic(values, bins, chunk):
    tensor = torch.tensor(values, dtype=torch.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK", chunk)
        found = statistics(readable_of(tensor), path="a", bins=bins)
    finite = [x for x in tensor.tolist() if math.isfinite(x)]
    assert found.count == len(values)
    assert found.nan == sum(map(math.isnan, values))
    assert found.inf == sum(map(math.isinf, values))
    assert found.zeros == values.count(0)
    if not finite:
        assert (found.minimum, found.maximum, found.mean, found.std, found.l2) == (None,) * 5
        assert (found.edges, found.counts) == ([], [])
        return
    largest = max(map(abs, finite))
    assert (found.minimum, found.maximum) == (min(finite), max(finite))
    assert found.mean == pytest.approx(exact.fmean(finite), abs=1e-13 * largest)
    assert found.l2 == pytest.approx(math.hypot(*finite), rel=1e-12)
    if len(finite) > 1:
        assert found.std == pytest.approx(exact.stdev(finite), rel=1e-9, abs=1e-12 * largest)
    else:
        assert found.std is None
    check_histogram(found, finite, bins)


def check_histogram(found, finite, bins):
    """Each element lies in a bin that counts it, up to the rounding of an edge."""
    assert len(found.edges) == bins + 1
    assert len(found.counts) == bins
    assert sum(found.counts) == len(finite)
    assert found.edges == sorted(found.edges)
    if found.minimum < found.maximum:
        assert (found.edges[0], found.edges[-1]) == (found.minimum, found.maximum)
    slack = 1e-12 * max(abs(found.edges[0]), abs(found.edges[-1]))
    for index in range(1, bins):
        below = sum(found.counts[:index])
        assert sum(x < found.edges[index] - slack for x in finite) <= below
        assert below <= sum(x <= found.edges[index] + slack for x in finite)


SEEDED = torch.Generator().manual_seed(0)
"""Draws the same elements in each run: one in some hundred draws has one that lies on an edge to the last bit, which
`torch.histc` and we may round to different sides."""


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(300, 700, generator=SEEDED),
        torch.randn(300, 700, generator=SEEDED).t(),
        torch.randn(300, 1400, generator=SEEDED)[:, ::2],
        torch.randn(40, 50, 60, generator=SEEDED).permute(1, 2, 0),
        torch.randn(200_000, generator=SEEDED).bfloat16(),
        torch.randint(-50, 50, (200_000,), generator=SEEDED),
    ],
    ids=["plain", "transposed", "strided", "permuted", "bfloat16", "int"],
)
def test_large_tensors_agree_with_torch(tensor):
    found = statistics(readable_of(tensor), path="a")
    reference = tensor.double()
    assert found.mean == pytest.approx(reference.mean().item(), rel=1e-9, abs=1e-12)
    assert found.std == pytest.approx(reference.std().item(), rel=1e-12)
    assert found.l2 == pytest.approx(reference.norm().item(), rel=1e-12)
    assert found.zeros == int((reference == 0).sum())
    expected = torch.histc(reference, 40, found.minimum, found.maximum).tolist()
    on_edges = 0 if tensor.dtype == torch.float32 else 8000  # of numbers with few digits many lie on one
    assert sum(abs(a - b) for a, b in zip(found.counts, expected, strict=True)) <= on_edges
    assert sum(found.counts) == tensor.numel()


def test_float16_sums_do_not_overflow():
    found = statistics(readable_of(torch.full((100_000,), 60_000.0, dtype=torch.float16)), path="a")
    assert found.mean == 60_000 - 60_000 % 32
    assert found.std == 0


def test_a_tiny_spread_about_a_large_mean_survives():
    tiny = torch.randn(300_000, dtype=torch.float64)
    found = statistics(readable_of(tiny + 1e8), path="a")
    assert found.std == pytest.approx(tiny.std().item(), rel=1e-6)


def test_constants_have_edges_on_both_sides():
    found = statistics(readable_of(torch.ones(9)), path="a", bins=4)
    assert found.edges == [0.5, 0.75, 1.0, 1.25, 1.5]
    assert found.counts == [0, 0, 9, 0]
    assert statistics(readable_of(torch.zeros(9)), path="a", bins=2).edges == [-0.5, 0.0, 0.5]


@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308, 0.0], [0.0, 5e-324], [1.7976931348623157e308] * 2])
def test_the_ends_of_float64_have_a_histogram(values):
    found = statistics(readable_of(torch.tensor(values, dtype=torch.float64)), path="a", bins=4)
    assert sum(found.counts) == len(values)
    assert found.edges == sorted(found.edges)
    assert all(map(math.isfinite, found.edges))


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.uint64, torch.float8_e4m3fn, torch.float64])
def test_every_dtype(dtype):
    found = statistics(readable_of(torch.tensor([0, 1, 1, 1]).to(dtype)), path="a")
    assert (found.mean, found.zeros, found.maximum) == (0.75, 1, 1)


def test_complex_numbers_enter_by_magnitude():
    found = statistics(readable_of(torch.tensor([3 + 4j, 0j])), path="a")
    assert (found.minimum, found.maximum, found.mean, found.zeros) == (0, 5, 2.5, 1)


def test_expanded_tensors_cost_only_what_they_hold():
    found = statistics(readable_of(torch.tensor([1.0, 3.0, 0.0]).expand(10**9, 3)), path="a", bins=3)
    assert (found.count, found.mean, found.zeros) == (3 * 10**9, pytest.approx(4 / 3), 10**9)
    assert found.counts == [10**9] * 3
    assert found.l2 == pytest.approx(math.sqrt(10) * math.sqrt(10**9))


def test_the_sources_own_memory_is_not_written():
    tensor = torch.tensor([1.0, 2.0, math.nan], dtype=torch.float64)
    version, state = tensor._version, torch.get_rng_state()
    statistics(readable_of(tensor), path="a")
    assert tensor[:2].tolist() == [1, 2]
    assert tensor._version == version
    assert torch.equal(torch.get_rng_state(), state)


def test_progress_rises_to_one_and_work_can_be_cancelled():
    reported = []
    statistics(readable_of(torch.zeros(3_000_000)), path="a", on_progress=reported.append)
    assert reported == sorted(reported)
    assert (reported[0], reported[-1]) == (0, 1)
    assert len(reported) > 5
    left = iter([False, False, True])
    with pytest.raises(Cancelled):
        statistics(readable_of(torch.zeros(300_000)), path="a", should_cancel=lambda: next(left))


def test_no_numbers_has_a_reason():
    assert statistics(readable_of(None), path="a").absence == "none"
    assert statistics(readable_of(torch.zeros(2, device="meta")), path="a").absence == "meta"
    assert statistics(readable_of(torch.zeros(0)), path="a").count == 0


class Refusing(torch.Tensor):
    """A subclass whose operations all fail, in its own way."""

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise KeyError("no such operation")


def test_whatever_a_class_raises_is_reported_of_its_tensor_alone():
    found = statistics(readable_of(torch.Tensor._make_wrapper_subclass(Refusing, (2, 2))), path="a")
    assert (found.absence, found.reason) == (
        "unsupported",
        "torch cannot read these numbers: KeyError: 'no such operation'",
    )


def on_edges(low: float, high: float, bins: int, dtype: torch.dtype) -> torch.Tensor:
    """Numbers that are edges of a histogram of themselves, and their neighbours on both sides."""
    tensor = torch.tensor([low, high], dtype=dtype)
    edges = statistics(readable_of(tensor), path="a", bins=bins).edges
    inner = torch.tensor(edges[1:-1], dtype=torch.float64).to(dtype)
    beside = [torch.nextafter(inner, torch.full_like(inner, side)) for side in (low, high)]
    return torch.cat((tensor, inner, *beside)).clamp(low, high)


@pytest.mark.parametrize("bins", [3, 7, 10, 40, 60])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.3, 0.6), (1.0, 1.1), (-1e-3, 7e5), (-1.7e308, 1.7e308)])
@pytest.mark.parametrize("way", ["sorted", "in pieces", "without torch"])
def test_what_is_on_an_edge_is_in_the_bin_above_it(low, high, bins, way, monkeypatch):
    tensor = on_edges(low, high, bins, torch.float64)
    if way == "in pieces":
        monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    if way == "without torch":
        found = plain_statistics(tensor.tolist(), tensor.shape, path="a", bins=bins)
    else:
        found = statistics(readable_of(tensor), path="a", bins=bins, exact=True)
    values = tensor.tolist()
    expected = [sum(below <= value < above for value in values) for below, above in pairwise(found.edges)]
    expected[-1] += values.count(high)
    assert found.counts == expected


@pytest.mark.parametrize("bins", [3, 10, 40])
def test_whole_numbers_on_edges_are_counted_above_them(bins):
    tensor = torch.arange(0, 121).to(torch.int8).repeat(200)  # by bit patterns
    found = statistics(readable_of(tensor), path="a", bins=bins)
    values = range(121)
    expected = [200 * sum(below <= value < above for value in values) for below, above in pairwise(found.edges)]
    expected[-1] += 200
    assert found.counts == expected
