"""The small floating-point types against torch, and against the tables of the OCP MX specification."""

from __future__ import annotations

from math import inf, isnan

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.stored import small_floats
from models.stored.small_floats import in_nibbles, in_three_bytes


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (small_floats.e4m3fn, torch.float8_e4m3fn),
        (small_floats.e5m2, torch.float8_e5m2),
        (small_floats.e4m3fnuz, torch.float8_e4m3fnuz),
        (small_floats.e5m2fnuz, torch.float8_e5m2fnuz),
        (small_floats.e8m0fnu, getattr(torch, "float8_e8m0fnu", None)),
    ],
)
def test_all_bytes_mean_what_torch_says(ours, theirs):
    if theirs is None:
        pytest.skip("this torch has no such type")
    expected = torch.arange(256, dtype=torch.uint8).view(theirs).to(torch.float64).tolist()
    assert list(map(repr, ours())) == list(map(repr, expected))  # so that -0.0 and NaN count


def test_four_bits_are_those_of_the_specification():
    positive = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    assert list(map(repr, small_floats.e2m1())) == [repr(x) for x in positive + [-x for x in positive]]


def test_six_bits_with_three_of_mantissa():
    table = small_floats.e2m3()
    assert table[0b000001] == 0.125  # smallest subnormal
    assert table[0b000111] == 0.875  # greatest subnormal
    assert table[0b001000] == 1.0  # smallest normal
    assert table[0b011111] == 7.5  # greatest
    assert table[0b111111] == -7.5
    assert repr(table[0b100000]) == "-0.0"


def test_six_bits_with_two_of_mantissa():
    table = small_floats.e3m2()
    assert table[0b000001] == 0.0625
    assert table[0b000011] == 0.1875
    assert table[0b000100] == 0.25
    assert table[0b011111] == 28.0
    assert table[0b111111] == -28.0


def test_the_greatest_of_each_byte_type():
    assert max(x for x in small_floats.e4m3fn() if not isnan(x)) == 448
    assert max(x for x in small_floats.e5m2() if abs(x) < inf) == 57344
    assert max(x for x in small_floats.e4m3fnuz() if not isnan(x)) == 240
    assert max(x for x in small_floats.e5m2fnuz() if not isnan(x)) == 57344
    assert small_floats.e8m0fnu()[127] == 1.0


@given(st.binary(max_size=40))
def test_the_low_nibble_comes_first(raw):
    table = small_floats.e2m1()
    expected = [table[code] for byte in raw for code in (byte % 16, byte // 16)]
    assert in_nibbles(small_floats.e2m1)(raw) == expected


@given(st.lists(st.integers(0, 63), max_size=40).filter(lambda codes: len(codes) % 4 == 0))
def test_six_bits_are_packed_from_the_low_end(codes):
    whole = sum(code << 6 * index for index, code in enumerate(codes))
    raw = whole.to_bytes(len(codes) * 6 // 8, "little")
    table = small_floats.e3m2()
    assert in_three_bytes(small_floats.e3m2)(memoryview(raw)) == [table[code] for code in codes]
