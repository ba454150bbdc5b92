"""The index of the largest change, with torch as oracle.  Of `largest`, through `measure_pair` and `compare`."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.diff import compare as compared
from models.diff import measures
from models.diff.compare import compare
from models.diff.difference import ElementComparison, Tolerance
from models.diff.tensors import Comparable
from models.diff.workers import Workers
from models.tensors import lattice
from tests.cases import examples
from tests.models.diff.comparables import live, of_stored
from tests.models.stored.held import Held, Zeros
from tests.models.stored.test_overlap import of

NUMBERS = st.one_of(
    st.floats(-9, 9, width=32), st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e30, 1e-30, 1.0])
)


def comparison(a: Comparable, b: Comparable, count: int = 1) -> ElementComparison:
    with Workers(count) as workers:
        found = compare(a, b, Tolerance(), workers, lambda size: None).comparison
    assert found is not None
    return found


def expected(a: torch.Tensor, b: torch.Tensor) -> list[int] | None:
    """Return the index as torch has it: the first NaN or infinity that differs, else the first largest difference."""
    a, b = a.double(), b.double()
    different = (a != b) & ~(a.isnan() & b.isnan())
    beyond = different & ~(a.isfinite() & b.isfinite())
    if beyond.any():
        return list(beyond.nonzero()[0].tolist())
    if not different.any():
        return None
    apart = torch.where(different, (a - b).abs(), torch.tensor(-1.0, dtype=torch.float64))
    return [int(each) for each in torch.unravel_index(apart.argmax(), a.shape)]


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, st.booleans()), min_size=1, max_size=60),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]),
    sizes=st.sampled_from([(2, 1), (4, 4), (8, 2), (64, 16)]),
    count=st.sampled_from([1, 3]),
)
def test_it_is_torchs_however_the_tensor_is_cut(rows, dtype, sizes, count, monkeypatch):
    a = torch.tensor([x for x, _, _ in rows], dtype=torch.float64).to(dtype)
    b = torch.tensor([x if same else y for x, y, same in rows], dtype=torch.float64).to(dtype)
    if len(rows) % 3 == 0:
        a, b = a.view(3, -1), b.view(3, -1)
    with monkeypatch.context() as patch:
        patch.setattr(compared, "PIECE", sizes[0])
        patch.setattr(measures, "PART", sizes[1])
        for kind in (live, lambda tensor: of_stored(Held.of(tensor, "w"))):
            found = comparison(kind(a), kind(b), count)
            assert (None if found.index is None else list(found.index)) == expected(a, b)


@pytest.mark.parametrize(
    "dtype",
    [torch.int8, torch.uint8, torch.int32, torch.int64, torch.uint16, torch.uint64, torch.bool, torch.complex64,
     torch.float8_e5m2],
)  # fmt: skip
def test_every_dtype(dtype):
    a = torch.tensor([[0, 1, 0], [1, 1, 0]]).to(dtype)
    b = torch.tensor([[0, 1, 0], [0, 1, 1]]).to(dtype)
    assert comparison(live(a), live(b)).index == (1, 0)
    assert comparison(live(a), live(a.clone())).index is None
    assert comparison(live(a), live(b.to(torch.float64) if not dtype.is_complex else b)).index == (1, 0)


def test_large_integers_and_magnitudes_near_the_end_of_float64():
    a = torch.tensor([2**62, 2**62, 2**62])
    assert comparison(live(a), live(a - torch.tensor([1, 3, 2]))).index == (1,)
    high = torch.tensor([1.7e308, 1.7e308, 5e-324], dtype=torch.float64)
    assert comparison(live(high), live(high * torch.tensor([1.0, -1.0, 1.0]))).index == (1,)
    assert comparison(live(high), live(high * torch.tensor([1.0, 1.0, 0.0]))).index == (2,)
    nan = torch.tensor([1.7e308, 1.7e308, math.nan], dtype=torch.float64)
    assert comparison(live(high), live(nan * torch.tensor([1.0, -1.0, 1.0]))).index == (2,)


def test_nan_against_nan_is_no_change_and_against_a_number_the_largest():
    a = torch.tensor([math.nan, 1.0, 2.0, math.inf, 5.0])
    assert comparison(live(a), live(torch.tensor([math.nan, 9.0, 2.0, math.inf, 5.0]))).index == (1,)
    assert comparison(live(a), live(torch.tensor([math.nan, 9.0, 2.0, 1.0, math.nan]))).index == (3,)
    assert comparison(live(a), live(torch.tensor([0.0, 9.0, 2.0, math.inf, 5.0]))).index == (0,)


def test_in_a_tensor_of_many_pieces_of_which_few_are_in_memory():
    a, b = Zeros((3_000, 1_000)), Zeros((3_000, 1_000), {2_000_007: -1.5, 2_900_123: 1.5, 4: 0.5})
    found = comparison(of_stored(a), of_stored(b), 2)
    assert found.index == (2_000, 7)
    assert max(a.largest_read, b.largest_read) <= compared.PIECE


@settings(deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_a_view_that_repeats_elements_it_is_the_first_that_shows_it(data, monkeypatch):
    dims = data.draw(st.integers(1, 3))
    shape = data.draw(st.tuples(*[st.integers(1, 5)] * dims))
    stride = data.draw(st.tuples(*[st.integers(0, 3)] * dims))
    size = 1 + sum((count - 1) * step for count, step in zip(shape, stride, strict=True))
    choices = st.sampled_from([-2.0, 0.0, 1.0, 1.0000001, 3.0, math.nan, math.inf])
    a, b = (
        torch.tensor(data.draw(st.lists(choices, min_size=size, max_size=size))).as_strided(shape, stride) for _ in "ab"
    )
    with monkeypatch.context() as patch:
        patch.setattr(lattice, "WALK_LIMIT", 0)
        patch.setattr(lattice, "REPEAT_LIMIT", 0)
        patch.setattr(compared, "WALK_LIMIT", 0)
        for make in (live, lambda tensor: of_stored(of(tensor)[0])):
            found = comparison(make(a), make(b))
            assert (None if found.index is None else list(found.index)) == expected(a, b)
