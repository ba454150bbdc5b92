"""Many small tensors of one size at once have the measures that each has by itself.  Of `small_floats`."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.diff.difference import SAME, Tolerance
from models.diff.measures import measure_pair
from models.diff.small_floats import PART, can_be_rows, measure_rows, rows_of, squares_of_rows
from tests.cases import examples

TOLERANCE = Tolerance()
KINDS = ("zero", "nan", "to nan", "infinite", "close", "far", "huge", "tiny", "zeros")
ROUNDED = 1e-12
"""How far sums of float64 may be apart that are added in another order."""


def figures(numbers):
    """What a comparison says, its sums rounded."""
    about = [numbers.relative_l2, numbers.cosine, numbers.squares.a.value, numbers.squares.apart.value]
    about = [None if each is None else pytest.approx(each, rel=ROUNDED) for each in about]
    return numbers.values, numbers.max_abs, numbers.differing, numbers.nonfinite, *about


@settings(deadline=None, max_examples=examples(100))
@given(st.data())
def test_each_has_the_measures_that_it_has_by_itself(data):
    dtype = data.draw(st.sampled_from([torch.float32, torch.bfloat16, torch.float16]))
    size, count = data.draw(st.integers(1, 70)), data.draw(st.integers(1, 9))
    a = torch.randn(count, size, generator=torch.Generator().manual_seed(data.draw(st.integers(0, 99)))).to(dtype)
    b = a.clone()
    x, y = a.view(-1), b.view(-1)
    for at in data.draw(st.lists(st.integers(0, len(x) - 1), max_size=8)):
        kind = data.draw(st.sampled_from(KINDS))
        if kind == "zero":
            x[at], y[at] = 0.0, -0.0
        elif kind == "nan":
            x[at] = y[at] = math.nan
        elif kind == "close":
            x[at], y[at] = 1.0, 1.0 + 1e-7
        elif kind == "huge":
            x[at], y[at] = torch.finfo(dtype).max, torch.finfo(dtype).min
        elif kind == "tiny":
            x[at], y[at] = torch.finfo(dtype).smallest_normal / 4, 0.0
        elif kind == "zeros":
            a[at // size] = 0.0
        else:
            y[at] = {"to nan": math.nan, "infinite": math.inf, "far": 2.0}[kind]
    squares, differing = measure_rows(a, b, [(a.shape[1],)] * len(a), TOLERANCE)
    torch.testing.assert_close(squares_of_rows(a), squares, rtol=0, atol=0, equal_nan=True)
    for row, (mine, theirs) in enumerate(zip(a, b, strict=True)):
        wanted = measure_pair(mine, theirs, TOLERANCE)
        finite = bool((mine.isfinite() & theirs.isfinite()).all())
        same_bytes = bool((mine.view(torch.uint8) == theirs.view(torch.uint8)).all())
        assert (row in differing) == (not same_bytes)
        if mine.isfinite().all():
            assert squares[row] == pytest.approx(mine.double().square().sum().item(), rel=ROUNDED)
        else:
            assert not math.isfinite(squares[row])
        if same_bytes:
            continue
        found = differing[row]
        assert (found is not None) == finite
        if found is not None and not wanted.differing:
            assert found == SAME
        elif found is not None:
            assert figures(found) == figures(wanted.comparison())
            assert found.index == (wanted.place,)


@pytest.mark.parametrize("dtype", ["float64", "float8_e4m3fn", "complex64", "uint64", "", "float4_e2m1fn_x2"])
def test_other_dtypes_are_not_measured_there(dtype):
    assert not can_be_rows(dtype)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int16, torch.int64, torch.uint32])
def test_of_whole_numbers_only_the_squares_are_taken(dtype):
    a = torch.tensor([[1, 0, 1], [1, 1, 1], [0, 0, 0]]).to(dtype)
    b = a.clone()
    b[1, 1] = 0
    assert can_be_rows(str(dtype).removeprefix("torch."))
    assert measure_rows(a, b, [(3,)] * 3, TOLERANCE) == ([2.0, 3.0, 0.0], {1: None})


def test_rows_beyond_a_part_are_measured_too():
    a = torch.arange(3 * PART, dtype=torch.float32).view(-1, 32)
    b = a.clone()
    b[PART // 32 + 1, 5] += 2**20
    squares, differing = measure_rows(a, b, [(a.shape[1],)] * len(a), TOLERANCE)
    assert len(squares) == len(a)
    assert [(row, each.index, each.max_abs) for row, each in differing.items()] == [(PART // 32 + 1, (5,), 2.0**20)]
    squares, differing = measure_rows(a.view(1, -1), b.view(1, -1), [(3, PART)], TOLERANCE)
    assert (len(squares), differing[0].index) == (1, (1, 37))


@pytest.mark.parametrize("starts", [[3], [0, 5, 10], [0, 7, 14, 21], [21, 14, 0], [4, 5, 17], [2, 2]])
def test_rows_are_found_where_they_begin(starts):
    numbers = torch.arange(26.0)
    assert rows_of(numbers, starts, 5).tolist() == [numbers[start : start + 5].tolist() for start in starts]
