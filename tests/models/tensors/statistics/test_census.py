"""What one pass finds, and what a second one adds, compared with sorted numbers and torch in float64."""

from __future__ import annotations

import math
import statistics as exact_statistics

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.tensors.statistics import census, chunks, measure, stream, tensor_stream
from models.tensors.statistics.quantiles import ranks
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from tests.cases import examples

TYPES = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint8,
    torch.int8, torch.int16, torch.uint16, torch.int32, torch.uint32, torch.int64, torch.bool, torch.complex64,
]  # fmt: skip


@pytest.fixture(autouse=True)
def large_tensors_only(monkeypatch):
    """Measure small tensors as large ones are, in many pieces."""
    monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    monkeypatch.setattr(measure, "EXACT_LIMIT", 0)
    monkeypatch.setattr(tensor_stream, "BLOCK", 230)
    monkeypatch.setattr(chunks, "CHUNK", 50)
    monkeypatch.setattr(census, "FLUSH", 120)


def made(dtype, size=700, seed=0):
    """Draw numbers of all magnitudes of the dtype, with zeros, NaN and infinities."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(size, generator=generator) * 10 ** torch.randint(-3, 3, (size,), generator=generator)
    if dtype.is_complex:
        return torch.complex(values, values.flip(0)).to(dtype)
    if not dtype.is_floating_point:
        return values.clamp(-100, 100).abs().to(dtype)
    values[::17] = 0.0
    values[::31] = -0.0
    values[3::101] = math.nan
    values[7::101] = math.inf
    values[9::101] = -math.inf
    return values.to(dtype)


def real(tensor):
    return tensor.to(torch.complex128).abs() if tensor.is_complex() else tensor.double()


def check(found, values, within, digits=1e-9):
    """Compare all statistics with the numbers themselves; `digits` are those of sums."""
    values = values.flatten()
    finite = values[values.isfinite()]
    assert (found.count, found.nan, found.inf) == (
        values.numel(), int(values.isnan().sum()), int(values.isinf().sum()),
    )  # fmt: skip
    assert found.zeros == int((values == 0).sum())
    assert found.quantiles_within <= within
    if not finite.numel():
        assert (found.minimum, found.quantiles, found.counts) == (None, [], [])
        return
    assert (found.minimum, found.maximum) == (finite.min().item(), finite.max().item())
    numbers = finite.tolist()
    largest = max(map(abs, numbers))
    root = math.hypot(*numbers) / math.sqrt(len(numbers))
    assert found.mean == pytest.approx(exact_statistics.fmean(numbers), rel=0, abs=digits / 10 * root)
    assert found.l2 == pytest.approx(math.hypot(*numbers), rel=digits)
    if len(numbers) > 1:
        assert found.std == pytest.approx(finite.std().item(), rel=digits, abs=1e-12 * largest)
    ordered = sorted(numbers)
    assert [which for which, _ in found.quantiles] == [which for which, _ in ranks(len(ordered))]
    for which, value in found.quantiles:
        expected = next(each for at, each in enumerate(ordered, 1) if at >= which * len(ordered) - 1e-9)
        assert abs(value - expected) <= found.quantiles_within * abs(expected), which
    assert sum(found.counts) == len(numbers)
    assert all(count >= 0 for count in found.counts)
    assert len(found.edges) == len(found.counts) + 1


def digits_of(dtype, exact):
    """One pass adds up float32 as such."""
    return 1e-5 if dtype == torch.float32 and not exact else 1e-9


def below(values, edge, slack):
    return int((values < edge - slack).sum()), int((values <= edge + slack).sum())


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("exact", [False, True])
def test_every_type(dtype, exact):
    tensor = made(dtype)
    found = statistics(readable_of(tensor), path="a", exact=exact)
    narrow = dtype.itemsize <= 2
    check(found, real(tensor), 0 if exact or narrow else 1 / 255, digits_of(dtype, exact))
    if exact or narrow:
        finite = real(tensor)[real(tensor).isfinite()]
        for index, edge in enumerate(found.edges[1:-1], 1):
            low, high = below(finite, edge, 1e-12 * abs(finite).max())
            assert low <= sum(found.counts[:index]) <= high


VIEWS = {
    "transposed": lambda t: t.t(),
    "strided": lambda t: t[:, ::3],
    "inner": lambda t: t[1:, 5:],
    "odd offset": lambda t: t.reshape(-1)[1:],
    "permuted": lambda t: t.reshape(5, 10, 14).permute(1, 2, 0),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.int64, torch.float8_e5m2])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_strides(dtype, view):
    tensor = view(made(dtype).reshape(20, 35))
    check(statistics(readable_of(tensor), path="a"), real(tensor), 1 / 255, digits_of(dtype, False))


anything = st.one_of(
    st.floats(width=32),
    st.sampled_from([0.0, -0.0, 1e-45, -1e-45, 1e-40, 1.1754943508222875e-38, 3.4028234663852886e38, 1.0, -1.0]),
)
anything64 = st.one_of(anything, st.floats(-1e150, 1e150), st.sampled_from([5e-324, 1e-50, -1e-50, 1e39, -1e100]))


@settings(deadline=None, max_examples=examples(150))
@given(st.lists(anything, max_size=150), st.booleans())
def test_any_float32(values, exact):
    tensor = torch.tensor(values, dtype=torch.float32)
    found = statistics(readable_of(tensor), path="a", exact=exact)
    check(found, tensor.double(), 0 if exact else 1 / 255, digits_of(tensor.dtype, exact))


@settings(deadline=None, max_examples=examples(150))
@given(st.lists(anything64, max_size=150), st.booleans())
def test_any_float64(values, exact):
    tensor = torch.tensor(values, dtype=torch.float64)
    check(statistics(readable_of(tensor), path="a", exact=exact), tensor, 0 if exact else 1 / 255)


@settings(deadline=None, max_examples=examples(100))
@given(st.lists(st.integers(-(2**53), 2**53), max_size=150), st.booleans())
@example([-(2**53) + 2**28, -(2**53) + 2**28 - 1], True)  # which float32 rounds to a number beyond both
@example([2**53 - 2**28, 2**53 - 2**28 + 1], False)
def test_any_whole_numbers(values, exact):
    tensor = torch.tensor(values, dtype=torch.int64)
    check(statistics(readable_of(tensor), path="a", exact=exact), tensor.double(), 0 if exact else 1 / 255)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int32], ids=str)
def test_all_elements_equal(dtype):
    found = statistics(readable_of(torch.full((1000,), 7, dtype=dtype)), path="a", exact=True, bins=4)
    assert (found.mean, found.std) == (7, 0)
    assert {value for _, value in found.quantiles} == {7}
    assert found.counts == [0, 0, 1000, 0]
    assert statistics(readable_of(torch.full((1000,), 7, dtype=dtype)), path="a", bins=4).counts == [0, 0, 1000, 0]


def test_numbers_near_the_end_of_float64_are_not_lost():
    tensor = torch.tensor([1.7e308, -1.7e308, 1e308] * 40, dtype=torch.float64)
    found = statistics(readable_of(tensor), path="a")
    assert (found.minimum, found.maximum, sum(found.counts)) == (-1.7e308, 1.7e308, 120)
    assert found.mean == pytest.approx(1e308 / 3)
    assert dict(found.quantiles)[0.5] == 1e308  # beyond float32, hence found in further passes


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.randn(2**17),
        lambda: torch.rand(2**17),
        lambda: torch.randn(2**17).sign() * 0.1,
        lambda: torch.full((2**17,), 0.1),
        lambda: torch.randn(2**17) + 1e6,
        lambda: torch.randn(2**17) * 1e-22,
        lambda: torch.randn(2**17) * 1e25,
        lambda: torch.rand(2**17) ** 9,
    ],
    ids=["normal", "uniform", "two values", "constant", "far", "tiny", "huge", "skewed"],
)
def test_sums_of_float32_keep_their_digits(make, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 2**16)
    monkeypatch.setattr(census, "FLUSH", 2**17)
    torch.manual_seed(5)
    tensor = make()
    found, numbers = statistics(readable_of(tensor), path="a"), tensor.double()
    root = numbers.square().mean().sqrt().item()
    assert found.mean == pytest.approx(numbers.mean().item(), rel=0, abs=1e-6 * root)
    assert found.l2 == pytest.approx(numbers.norm().item(), rel=1e-5)
    assert found.std == pytest.approx(numbers.std().item(), rel=1e-5)


def test_the_histogram_of_one_pass_is_close_to_the_exact_one():
    tensor = torch.randn(20_000, generator=torch.Generator().manual_seed(1))
    close, right = (
        statistics(readable_of(tensor), path="a").counts,
        statistics(readable_of(tensor), path="a", exact=True).counts,
    )
    assert sum(close) == sum(right) == 20_000
    assert sum(abs(a - b) for a, b in zip(close, right, strict=True)) < 0.02 * 20_000


def test_the_parts_of_several_threads_are_put_together(monkeypatch):
    monkeypatch.setattr(stream, "usable_cores", lambda: 5)
    monkeypatch.setattr(stream, "WORTH_A_WORKER", 100)
    for dtype in (torch.float32, torch.bfloat16, torch.int8, torch.float64):
        tensor = made(dtype, 5000)
        check(statistics(readable_of(tensor), path="a", exact=True), real(tensor), 0)


def test_an_expanded_tensor_has_the_quantiles_of_what_it_repeats():
    tensor = torch.randn(300, generator=torch.Generator().manual_seed(2))
    once, often = statistics(readable_of(tensor), path="a"), statistics(readable_of(tensor.expand(1000, 300)), path="a")
    assert once.quantiles == often.quantiles
    assert [1000 * count for count in once.counts] == often.counts
