"""The first change, found without torch.  Of `first_change`."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.diff.difference import SAME, Tolerance
from models.diff.first_change import certain_difference
from models.stored.composed import Composed
from models.stored.dtypes import DTYPES
from models.tensors.readable import Unreadable
from tests.cases import examples
from tests.models.diff.comparables import live, of_stored
from tests.models.stored.held import Held


def certain(a, b, stop=lambda: False, limit=None):
    sides = [of_stored(Held.of(each, "w")) if isinstance(each, torch.Tensor) else of_stored(each) for each in (a, b)]
    return certain_difference(*sides, Tolerance(), stop, limit)


def first(a, b, stop=lambda: False, limit=None):
    found = certain(a, b, stop, limit)
    return None if found is None else found.comparison.index


@settings(deadline=None, max_examples=examples(60))
@given(st.data())
def test_it_is_the_first_that_is_neither_equal_nor_close(data):
    dtype = data.draw(st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.complex64]))
    a = torch.randn(3, 40_000, generator=torch.Generator().manual_seed(data.draw(st.integers(0, 99)))).to(dtype)
    b = a.clone()
    for at in data.draw(st.lists(st.integers(0, a.numel() - 1), max_size=4)):
        kind = data.draw(st.sampled_from(["zero", "nan", "close", "far", "to nan"]))
        mine, theirs = a.view(-1), b.view(-1)
        if kind == "zero":
            mine[at], theirs[at] = 0.0, -0.0
        elif kind == "nan":
            mine[at] = theirs[at] = math.nan
        elif kind == "close":
            mine[at], theirs[at] = 1.0, 1.0 + 1e-7
        else:
            theirs[at] = mine[at] + 1 if kind == "far" else math.nan
    same = torch.isclose(a.to(torch.complex128), b.to(torch.complex128), equal_nan=True)
    wanted = None if same.all() else tuple((~same).nonzero()[0].tolist())
    assert first(a, b) == wanted
    if wanted is not None:
        assert first(a, b, limit=wanted[0] * 40_000 + wanted[1]) is None


@pytest.mark.parametrize("name", ["F6_E2M3", "float4_e2m1fn_x2", "bool", "float8_e4m3fn", "int64"])
def test_of_other_dtypes_it_is_no_element_that_is_equal(name):
    dtype = DTYPES[name]
    raw = bytes(dtype.bytes_for(1200))
    changed = bytearray(raw)
    changed[-1] ^= 0x5C
    a, b = Held("w", (1200,), dtype, raw), Held("w", (1200,), dtype, bytes(changed))
    found = first(a, b)
    same = [x == y for x, y in zip(a.numbers(0, 1200), b.numbers(0, 1200), strict=True)]
    assert found is None or not same[found[0]]
    assert first(a, Held("w", (1200,), dtype, raw)) is None


def test_all_bytes_are_equal_only_where_all_were_read():
    a = torch.full((200_000,), math.nan)
    found = certain(a, a.clone())
    assert (found.status, found.comparison) == ("equal", SAME)
    assert certain(torch.ones(3, 0), torch.ones(3, 0)).status == "equal"
    assert certain(a, a.clone(), limit=4096) is None
    assert certain(a, a.clone(), stop=lambda: True) is None
    assert certain(torch.zeros(9), -torch.zeros(9)) is None, "other bytes are for those who measure"


def test_nothing_is_said_where_it_is_stopped_or_cannot_be_read_or_is_live():
    a, b = torch.zeros(200_000), torch.zeros(200_000)
    b[-1] = 1
    assert first(a, b) == (199_999,)
    assert first(a, b, stop=lambda: True) is None
    gone = Held("w", (4,), DTYPES["float32"], b"", Unreadable("gone"))
    assert first(gone, torch.ones(4)) is None
    parts = [Held("w", (100,), DTYPES["int8"], bytes(each)) for each in ([7] * 100, [*[7] * 60, *[9] * 40])]
    scales = Held("s", (100,), DTYPES["float32"], b"\0" * 400)
    sides = [of_stored(Composed("w", (100,), DTYPES["int8"], {"w": each, "s": scales}, [], main="w")) for each in parts]
    found = certain_difference(*sides, Tolerance(), lambda: False)
    assert found.comparison.index == (60,), "the bytes of the part that has the elements"
    assert certain_difference(live(torch.zeros(2)), live(torch.ones(2)), Tolerance(), lambda: False) is None
