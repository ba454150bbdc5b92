"""Numbers at given places, when there are too many of them to be kept and sorted."""

from __future__ import annotations

import math
import struct
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.tensors.statistics import measure, narrowing, tensor_stream
from models.tensors.statistics.narrowing import KeyRange, number_of, sort_keys
from models.tensors.statistics.quantiles import ranks
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_keys_are_in_the_order_of_the_numbers_and_lead_back(values):
    found = sort_keys(torch.tensor(values, dtype=torch.float64)).tolist()
    assert [number_of(key) for key in found] == values
    assert sorted(values) == [number_of(key) for key in sorted(found)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_part_of_a_code_holds_all_its_numbers(number):
    single = torch.tensor(number, dtype=torch.float64).float()
    code = (int(single.view(torch.int32)) >> 16) & 0xFFFF
    part = KeyRange.of_code(code, 1, {}, singles=False)
    assert part.low <= int(sort_keys(torch.tensor([number], dtype=torch.float64))[0]) <= part.high


def test_the_ends_of_a_part():
    part = KeyRange.of_code(0x3F80, 1, {}, singles=True)
    assert number_of(part.low) == struct.unpack("<f", struct.pack("<I", 0x3F7FFFFF))[0]
    assert number_of(part.high) == 1.0078125
    assert number_of(KeyRange.of_code(0x7F80, 1, {}, singles=False).high) == sys.float_info.max
    assert number_of(KeyRange.of_code(0xFF80, 1, {}, singles=False).low) == -sys.float_info.max


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(5000, generator=torch.Generator().manual_seed(1)),
        -torch.rand(5000, generator=torch.Generator().manual_seed(2)),
        torch.randn(5000, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 1e-3 + 1,
        torch.randn(5000, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 1e200,
        torch.randn(5000, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 1e-200,
        torch.full((5000,), 1 / 3, dtype=torch.float64),
        torch.randint(-(2**40), 2**40, (5000,), generator=torch.Generator().manual_seed(5)),
        torch.randn(5000, generator=torch.Generator().manual_seed(6)) * 1e-40,
    ],
    ids=["float32", "negative", "near one", "huge", "tiny", "constant", "int64", "denormal"],
)
def test_quantiles_without_room_to_sort(tensor, monkeypatch):
    monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    monkeypatch.setattr(narrowing, "GATHERED", 0)
    found = statistics(readable_of(tensor), path="a", exact=True)
    ordered = tensor.double().sort().values
    assert found.quantiles == [(which, ordered[place - 1].item()) for which, place in ranks(5000)]
    assert found.quantiles_within == 0


def test_float32_take_two_passes_and_no_more(monkeypatch):
    monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    monkeypatch.setattr(narrowing, "GATHERED", 0)
    passes = []
    before = tensor_stream.tensor_stream
    monkeypatch.setattr(tensor_stream, "tensor_stream", lambda values: _counted(before(values), passes))
    statistics(readable_of(torch.randn(5000)), path="a", exact=True)
    assert len(passes) == 2


def _counted(stream, passes):
    from dataclasses import replace

    def blocks():
        passes.append(1)
        return stream.blocks()

    return replace(stream, blocks=blocks)


def test_places_are_the_smallest_that_cover_the_part():
    for n in (1, 2, 3, 7, 20, 99, 100, 101, 12345):
        for which, place in ranks(n):
            assert place / n >= which - 1e-12
            assert place == 1 or (place - 1) / n < which - 1e-12
    assert ranks(0) == []
    assert math.isclose(sum(which for which, _ in ranks(1)), 3.5)
