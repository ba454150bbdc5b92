"""Many small tensors of floats at once have the measures that each has by itself.  Of `small_floats`."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.diff.difference import Tolerance
from models.diff.measures import PART, measure_pair, squares
from models.diff.small_floats import SmallFloats

TOLERANCE = Tolerance()


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_each_has_the_measures_that_it_has_by_itself_to_the_last_bit(data):
    dtype = data.draw(st.sampled_from([torch.float32, torch.bfloat16, torch.float16]))
    sizes = data.draw(st.lists(st.integers(1, 70), min_size=1, max_size=6))
    a = torch.randn(sum(sizes), generator=torch.Generator().manual_seed(data.draw(st.integers(0, 99)))).to(dtype)
    b = a.clone()
    for at in data.draw(st.lists(st.integers(0, len(a) - 1), max_size=8)):
        kind = data.draw(st.sampled_from(["zero", "nan", "to nan", "infinite", "close", "far", "huge"]))
        if kind == "zero":
            a[at], b[at] = 0.0, -0.0
        elif kind == "nan":
            a[at] = b[at] = math.nan
        elif kind == "close":
            a[at], b[at] = 1.0, 1.0 + 1e-7
        elif kind == "huge":
            a[at], b[at] = torch.finfo(dtype).max, torch.finfo(dtype).min
        else:
            b[at] = {"to nan": math.nan, "infinite": math.inf, "far": 2.0}[kind]
    many, start = SmallFloats(lambda: a, lambda: b, TOLERANCE), 0
    assert many.suitable
    for size in sizes:
        stop = start + size
        x, y = a[start:stop].clone(), b[start:stop].clone()
        found, wanted = many.measure(start, stop), measure_pair(x, y, TOLERANCE)
        finite = bool((x.isfinite() & y.isfinite()).all())
        assert (found is not None) == finite
        if found is not None:
            assert (found, found.comparison()) == (wanted, wanted.comparison())
        alone = many.squares(start, stop)
        assert alone == squares(x) if x.isfinite().all() else alone is None
        start = stop


@pytest.mark.parametrize("dtype", [torch.float64, torch.int8, torch.bool, torch.float8_e4m3fn, torch.complex64])
def test_other_dtypes_are_not_measured_there(dtype):
    assert not SmallFloats(lambda: torch.ones(4).to(dtype), lambda: torch.ones(4).to(dtype), TOLERANCE).suitable


def test_nor_is_a_tensor_of_more_than_a_part():
    numbers = torch.ones(PART + 1)
    many = SmallFloats(lambda: numbers, lambda: numbers + 1, TOLERANCE)
    assert many.measure(0, PART + 1) is None
    assert many.squares(0, PART + 1) is None
    assert many.measure(0, PART) is not None
