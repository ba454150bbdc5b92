"""The table of number types: sizes, and every decoder against torch."""

from __future__ import annotations

import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.stored.dtypes import (
    BFLOAT16,
    BOOL,
    COMPLEX64,
    COMPLEX128,
    DTYPES,
    FLOAT4_E2M1FN_X2,
    FLOAT6_E2M3,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INT64,
    QUINT2X4,
    UINT64,
    quantised,
    unpack_numbers,
)

IN_TORCH = [each for each in DTYPES.values() if each.torch and hasattr(torch, each.torch)]


def said_by_torch(raw: bytes, dtype: torch.dtype) -> list:
    tensor = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(dtype)
    if dtype.is_complex:
        return torch.view_as_real(tensor).to(torch.float64).tolist()
    return tensor.to(torch.float64).tolist() if dtype.is_floating_point else tensor.tolist()


@pytest.mark.parametrize("dtype", IN_TORCH, ids=lambda each: each.name)
def test_sizes_and_names_are_torchs(dtype):
    theirs = getattr(torch, dtype.torch)
    assert str(theirs) == f"torch.{dtype.name}"
    assert (dtype.unit, dtype.per_unit) == (theirs.itemsize, 1)
    assert dtype.number == (
        "complex" if theirs.is_complex else "float" if theirs.is_floating_point else "bool" if dtype is BOOL else "int"
    )


@pytest.mark.parametrize("dtype", [FLOAT16, BFLOAT16, DTYPES["int16"], DTYPES["uint16"]], ids=lambda each: each.name)
def test_all_patterns_of_16_bits(dtype):
    raw = struct.pack("<65536H", *range(65536))
    expected = said_by_torch(raw, getattr(torch, dtype.torch))
    assert list(map(repr, dtype.decode(raw))) == list(map(repr, expected))


@pytest.mark.parametrize("name", ["int8", "uint8", "bool"])
def test_all_patterns_of_8_bits(name):
    raw = bytes(range(256))
    expected = [1] * 256 if name == "bool" else said_by_torch(raw, getattr(torch, name))
    if name == "bool":
        expected[0] = 0
    found = DTYPES[name].decode(raw)
    assert found == expected
    assert all(type(each) is int for each in found)


@pytest.mark.parametrize("dtype", [each for each in IN_TORCH if each is not BOOL], ids=lambda each: each.name)
@given(data=st.data())
def test_any_bytes_are_read_as_torch_reads_them(dtype, data):
    raw = data.draw(st.binary(min_size=dtype.unit * 3, max_size=dtype.unit * 3))
    found = dtype.decode(memoryview(raw))
    if dtype.number == "complex":
        found = [[each.real, each.imag] for each in found]
    assert list(map(repr, found)) == list(map(repr, said_by_torch(raw, getattr(torch, dtype.torch))))


def test_whole_64_bits_come_through():
    assert INT64.decode(b"\xff" * 8) == [-1]
    assert UINT64.decode(b"\xff" * 8) == [2**64 - 1]


def test_complex_parts_keep_their_order():
    assert COMPLEX64.decode(struct.pack("<4f", 1, 2, 3, -4)) == [1 + 2j, 3 - 4j]
    assert COMPLEX128.decode(struct.pack("<2d", 0.1, -0.0)) == [complex(0.1, -0.0)]


@pytest.mark.parametrize(
    ("dtype", "elements", "expected"),
    [(FLOAT32, 0, 0), (FLOAT32, 3, 12), (FLOAT4_E2M1FN_X2, 3, 2), (FLOAT6_E2M3, 4, 3), (FLOAT6_E2M3, 5, 6)],
)
def test_bytes_are_those_of_whole_units(dtype, elements, expected):
    assert dtype.bytes_for(elements) == expected


@given(st.data())
def test_numbers_are_a_stretch_of_what_decode_gives(data):
    dtype = data.draw(st.sampled_from(list(DTYPES.values())))
    units = data.draw(st.integers(0, 5))
    raw = data.draw(st.binary(min_size=units * dtype.unit, max_size=units * dtype.unit))
    whole = dtype.decode(raw)
    assert len(whole) == units * dtype.per_unit
    skip = data.draw(st.integers(0, len(whole)))
    count = data.draw(st.integers(0, len(whole) - skip))
    assert repr(unpack_numbers(dtype, raw, count, skip)) == repr(whole[skip : skip + count])


def test_numbers_does_not_make_up_what_is_not_there():
    with pytest.raises(ValueError, match="7 bytes do not hold elements 0 to 2 of float32"):
        unpack_numbers(FLOAT32, bytes(7), 2)
    with pytest.raises(ValueError, match="do not hold"):
        unpack_numbers(FLOAT32, bytes(8), 1, 2)


def test_sub_byte_integers():
    assert QUINT2X4.decode(bytes([0b11_10_01_00])) == [0, 1, 2, 3]


def test_a_quantised_type_is_read_as_float32():
    ours = quantised("Q8_0", 34, 32)
    assert ours is quantised("Q8_0", 34, 32)
    assert ours.plain is FLOAT32
    assert ours.bytes_for(33) == 68
    assert unpack_numbers(ours, struct.pack("<3f", 1, 2, 3), 1, 1) == [2.0]
    assert FLOAT64.plain is FLOAT64
