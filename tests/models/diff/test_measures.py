"""Measures of two tensors compared with torch's own, and with exact arithmetic where torch overflows."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.diff import measures
from models.diff.difference import Tolerance
from models.diff.measures import measure_pair
from models.diff.sums import Sum
from tests.cases import examples

DEFAULT = Tolerance()
PLAIN = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
OTHERS = [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64, torch.complex128]


def pieces(a, b, size):
    """As a stream would take them."""
    total = None
    for start in range(0, a.numel(), size):
        part = measure_pair(a[start : start + size], b[start : start + size], DEFAULT)
        if total is None:
            total = part
        else:
            total.merge(part)
    return total.comparison()


elements = st.one_of(
    st.floats(-9, 9, width=32),
    st.sampled_from([0.0, -0.0, 1e-9, math.nan, math.inf, -math.inf, 1e30, 1e-30]),
)


@settings(deadline=None, max_examples=examples(200))
@given(st.lists(st.tuples(elements, elements, st.booleans()), min_size=1, max_size=40), st.integers(1, 9), st.data())
def test_the_status_is_torchs(triples, size, data):
    dtype = data.draw(st.sampled_from(PLAIN))
    a = torch.tensor([x for x, _, _ in triples], dtype=torch.float64).to(dtype)
    b = torch.tensor([x if same else y for x, y, same in triples], dtype=torch.float64).to(dtype)
    found = pieces(a, b, size)
    alike = (a == b) | (a.isnan() & b.isnan())
    assert found.differing == int((~alike).sum())
    assert found.nonfinite == int((~alike & ~(a.isfinite() & b.isfinite())).sum())
    if alike.all():
        assert found.values == "equal"
    else:
        assert found.values == ("close" if torch.allclose(a, b) else "changed")


@settings(deadline=None)
@given(st.lists(st.tuples(elements, elements), min_size=1, max_size=40), st.integers(1, 9))
def test_figures_are_those_of_the_elements_that_are_finite_in_both(couples, size):
    a, b = (torch.tensor(column, dtype=torch.float64) for column in zip(*couples, strict=True))
    found = pieces(a.float(), b.float(), size)
    a, b = a.float().double(), b.float().double()
    both = a.isfinite() & b.isfinite()
    a, b = a[both], b[both]
    apart = (a - b).abs()
    if not a.numel():
        assert found.max_abs is None
        assert found.cosine is None
        return
    assert found.max_abs == float(apart.max())
    if a.norm() == 0:
        assert found.relative_l2 == (0 if not apart.any() else None)
    else:
        assert found.relative_l2 == pytest.approx(float(apart.norm() / a.norm()), rel=1e-9)
    if a.norm() and b.norm():
        assert found.cosine == pytest.approx(float(a.dot(b) / a.norm() / b.norm()), abs=1e-9)
    else:
        assert found.cosine is None


@pytest.mark.parametrize("dtype", PLAIN + OTHERS + [torch.uint16, torch.uint32, torch.uint64, torch.float8_e5m2])
def test_every_dtype(dtype):
    a = torch.tensor([0, 1, 2, 3] * 5).to(dtype)
    b = torch.tensor([0, 1, 2, 1] * 5).to(dtype)
    assert measure_pair(a, a.clone(), DEFAULT).comparison().values == "equal"
    found = measure_pair(a, b, DEFAULT).comparison()
    if dtype is torch.bool:
        assert found.values == "equal"
        return
    assert (found.values, found.max_abs, found.differing) == ("changed", 2, 5)
    assert found.relative_l2 == pytest.approx(math.sqrt(20 / 70))
    assert found.cosine == pytest.approx(8 / math.sqrt(14 * 6))


@pytest.mark.parametrize("dtype", OTHERS)
@pytest.mark.parametrize("shift", [0, 1])
def test_close_is_torchs_for_whole_and_complex_numbers(dtype, shift):
    a = torch.full((3,), 1_000_000).to(dtype)
    b = (a + shift).to(dtype)
    if torch.equal(a, b):
        assert measure_pair(a, b, DEFAULT).comparison().values == "equal"
    else:
        assert (measure_pair(a, b, DEFAULT).comparison().values == "close") == torch.allclose(a, b)


def test_tolerances_are_torchs():
    a, b = torch.tensor([1.0, 100.0]), torch.tensor([1.05, 101.0])
    for rtol, atol in ((0.0, 0.0), (0.1, 0.0), (0.0, 0.5), (0.0, 1.5), (0.01, 0.05), (0.0099, 0.05)):
        found = measure_pair(a, b, Tolerance(rtol, atol)).comparison().values
        assert (found == "close") == torch.allclose(a, b, rtol=rtol, atol=atol)


@settings(deadline=None, max_examples=examples(200))
@given(st.integers(0, 2**32), st.sampled_from([0.0, 1e-5, 1e-3, 2.0]), st.sampled_from([0.0, 1e-8, 1e-3]), st.data())
def test_at_the_very_edge_close_is_torchs(seed, rtol, atol, data):
    dtype = data.draw(st.sampled_from([torch.float32, torch.float16, torch.bfloat16]))
    generator = torch.Generator().manual_seed(seed)
    b = torch.randn(4, generator=generator).to(dtype) * data.draw(st.sampled_from([1.0, 1e-7, 1e30]))
    edge = (b.abs() * rtol + atol).to(dtype)
    a = b + edge * data.draw(st.sampled_from([1.0, -1.0, 0.9999, 1.0001]))
    found = measure_pair(a, b, Tolerance(rtol, atol)).comparison().values
    assert (found != "changed") == torch.allclose(a, b, rtol=rtol, atol=atol, equal_nan=torch.equal(a, b))


def test_a_nan_is_equal_to_itself_but_never_close():
    a = torch.tensor([math.nan] * 9 + [1.0])
    b = a.clone()
    assert pieces(a, b, 3).values == "equal"
    b[-1] += 1e-7
    assert not torch.allclose(a, b)
    assert pieces(a, b, 3).values == "changed"


def test_large_integers_differ_by_one():
    a = torch.tensor([2**62 + 1, -(2**63), 2**63 - 1])
    found = measure_pair(a, a - torch.tensor([1, 0, 0]), DEFAULT).comparison()
    assert (found.max_abs, found.differing) == (1, 1)
    far = measure_pair(torch.tensor([2**63 - 1]), torch.tensor([-(2**63)]), DEFAULT).comparison()
    assert far.max_abs == pytest.approx(2.0**64)
    unsigned = torch.tensor([2**64 - 1], dtype=torch.uint64)
    smaller = unsigned.view(torch.int64).sub(7).view(torch.uint64)
    assert measure_pair(unsigned, smaller, DEFAULT).comparison().max_abs == 7


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e160, 1.7e308])
def test_sums_neither_overflow_nor_vanish(size):
    a = torch.tensor([1.0, 0.5, -1.0] * 7, dtype=torch.float64) * size
    b = torch.tensor([0.5, 0.5, -0.5] * 7, dtype=torch.float64) * size
    found = pieces(a, b, 4)
    assert found.relative_l2 == pytest.approx(math.sqrt(0.5 / 2.25))
    assert found.cosine == pytest.approx(1.25 / math.sqrt(2.25 * 0.75))
    assert found.max_abs == pytest.approx(size / 2)
    opposite = pieces(a, -a, 4)
    assert opposite.cosine == pytest.approx(-1)
    assert opposite.max_abs == pytest.approx(2 * size)  # infinity, where float64 ends


@given(st.lists(st.tuples(st.floats(0.001, 1000), st.integers(-400, 400)), min_size=1, max_size=9))
def test_a_sum_is_exact_whatever_its_exponent(terms):
    total = Sum()
    for value, exponent in terms:
        total.add(value, 2 * exponent)
    exact = sum(Fraction(value) * Fraction(2) ** (2 * exponent) for value, exponent in terms)
    assert float(Fraction(total.value) * Fraction(2) ** total.exponent / exact) == pytest.approx(1)
    value, exponent = total.root()
    assert float(Fraction(value) ** 2 * Fraction(4) ** exponent / exact) == pytest.approx(1)


def test_different_dtypes_are_compared_as_float64():
    a = torch.tensor([1.0, 0.1])
    assert measure_pair(a, a.bfloat16(), DEFAULT).comparison().max_abs == float(
        (a.double() - a.bfloat16().double()).abs().max()
    )
    assert measure_pair(a, a.double(), DEFAULT).comparison().values == "equal"
    assert measure_pair(torch.tensor([3.0]), torch.tensor([3]), DEFAULT).comparison().values == "equal"
    assert measure_pair(torch.tensor([3.0]), torch.tensor([3 + 4j]), DEFAULT).comparison().max_abs == 4


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.uint16, torch.int32, torch.bool])
@pytest.mark.parametrize("size", [2, 3, 8])
def test_whole_numbers_beside_a_nan_are_compared_as_float64(dtype, size):
    whole, floats = torch.ones(size + 1).to(dtype), torch.full((size + 1,), 1.5)
    floats[-1] = math.nan
    for a, b in ((whole, floats), (floats, whole)):
        found = measure_pair(a, b, DEFAULT).comparison()
        assert (found.max_abs, found.differing, found.nonfinite) == (0.5, size + 1, 1)
    odd, even = torch.tensor([2**24 + 1, 0], dtype=torch.int32), torch.tensor([2.0**24, math.nan])
    assert measure_pair(odd, even, DEFAULT).comparison().max_abs == 1


def test_parts_are_merged():
    a = torch.randn(3 * measures.PART + 5, generator=torch.Generator().manual_seed(1))
    b = a + 0.01
    found = measure_pair(a, b, DEFAULT).comparison()
    assert found.differing == a.numel()
    assert found.max_abs == float((a.double() - b.double()).abs().max())
    b = a.clone()
    b[-1] = math.inf
    found = measure_pair(a, b, DEFAULT).comparison()
    assert (found.differing, found.nonfinite) == (1, 1)
