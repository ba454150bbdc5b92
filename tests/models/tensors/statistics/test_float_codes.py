"""Codes of numbers, against the bits that Python itself packs."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.tensors.statistics.float_codes import (
    CODES,
    INFINITY,
    NEGATIVE,
    WITHIN,
    ascending,
    beyond,
    bounds,
    float_code_of,
    is_coarse,
    write_codes,
)

finite = st.floats(allow_nan=False, allow_infinity=False)


def codes_of(numbers: torch.Tensor) -> list[int]:
    room = torch.empty(numbers.numel(), dtype=torch.int32)
    write_codes(numbers, room, torch.empty(numbers.numel(), dtype=torch.float32))
    return room.tolist()


@given(st.lists(finite, min_size=1))
def test_one_and_many_have_the_same_codes(values):
    numbers = torch.tensor(values, dtype=torch.float64)
    assert codes_of(numbers) == [float_code_of(value) for value in values]
    assert codes_of(numbers.float()) == [float_code_of(value) for value in values]


@given(finite)
def test_a_number_lies_within_the_bounds_of_its_code(value):
    code = float_code_of(value)
    low, high = (float(each[0]) for each in bounds(torch.tensor([code]), 0.0))
    assert low <= value <= high
    single = float(torch.tensor(value, dtype=torch.float64).float())
    near, far = (float(each[0]) for each in bounds(torch.tensor([code]), math.inf))
    assert low <= near <= far <= high
    if math.isfinite(single):
        assert near <= single <= far
    if not is_coarse(code):
        middle = (low + high) / 2
        assert abs(middle - value) <= WITHIN * abs(value)


def test_codes_in_the_order_of_their_numbers():
    order = ascending()
    assert sorted(order.tolist()) == list(range(CODES))
    low, high = bounds(order[order % NEGATIVE <= INFINITY], math.inf)  # those of numbers
    assert len(low) == 2 * (0x7F80 + 1)
    assert bool((low[1:] >= low[:-1]).all())
    assert bool((high >= low).all())


@pytest.mark.parametrize("values", [[-2.0, -1.0], [-2.0, 3.0], [1.0, 3.0], [0.0], [-0.0, 0.5]])
@pytest.mark.parametrize("extra", [-10.0, -1.5, -1e-3, 0.0, 1e-3, 2.0, 100.0])
def test_what_may_widen_the_extremes(values, extra):
    found = torch.zeros(CODES, dtype=torch.int64)
    found[float_code_of(extra)] = 1
    low, high = min(values), max(values)
    assert beyond(found, low, upward=False) >= (extra < low)
    assert beyond(found, high, upward=True) >= (extra > high)
    if low < extra < high and float_code_of(extra) not in (float_code_of(low), float_code_of(high)) and extra:
        assert not beyond(found, low, upward=False)
        assert not beyond(found, high, upward=True)
