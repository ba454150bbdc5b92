"""Windows of stored tensors compared with those of the same live ones, and what is read for them.

Of `elements`, and of `models/tensors/window.py`.
"""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stored.dtypes import DTYPES, DType, quantised
from models.stored.elements import GAP_LIMIT, read_elements
from models.tensors.readable import Unreadable
from models.tensors.torch_readable import readable_of
from models.tensors.window import window
from tests.models.stored.held import Held, Zeros, bytes_of

shapes = st.lists(st.integers(0, 5), max_size=5)
numbers = st.integers(-3, 9)


@settings(deadline=None)
@given(shapes, st.lists(numbers, max_size=4), numbers, numbers, numbers, numbers)
def test_they_are_those_of_the_live_tensor(shape, leading, row, rows, column, columns):
    tensor = torch.arange(math.prod(shape)).reshape(shape)
    asked = {"path": "a", "leading": leading, "row": row, "rows": rows, "column": column, "columns": columns}
    assert window(Held.of(tensor), **asked) == window(readable_of(tensor), **asked)


LIVE = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint8,
    torch.int8, torch.uint16, torch.int32, torch.int64, torch.bool, torch.complex64, torch.complex128,
]  # fmt: skip


@pytest.mark.parametrize("dtype", LIVE)
def test_every_dtype(dtype):
    tensor = torch.tensor([[0, 1, 2], [2, 3, 0.5]]).to(dtype)
    assert window(Held.of(tensor), path="a", column=1) == window(readable_of(tensor), path="a", column=1)


def test_nan_and_infinity_come_as_they_are():
    values = window(Held.of(torch.tensor([math.nan, math.inf, -math.inf])), path="a").values
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@given(st.integers(0, 6), st.integers(1, 6), st.integers(0, 12), st.integers(1, 12))
def test_rows_of_a_type_below_a_byte_need_not_begin_at_one(row, rows, column, columns):
    stored = Held("a", (7, 13), DTYPES["float4_e2m1fn_x2"], bytes(range(46)))  # 13 is odd: rows begin within bytes
    whole = read_elements(stored, 0, 91)
    cells = window(stored, path="a", row=row, rows=rows, column=column, columns=columns)
    expected = [
        whole[down * 13 + across]
        for down in range(row, min(row + rows, 7))
        for across in range(column, min(column + columns, 13))
    ]
    assert cells.values == expected
    assert cells.dtype == "float4_e2m1fn_x2"
    assert read_elements(stored, 5, 8) == whole[5:8]


def test_quantised_numbers_are_plain_floats_and_only_their_rows_are_read():
    dtype = quantised("Q4_K", 144, 256)
    stored = Held("a", (4, 512), dtype, bytes_of(torch.arange(2048.0)))
    cells = window(stored, path="a", row=1, rows=2, column=300, columns=2)
    assert (cells.values, cells.dtype, cells.number) == ([812, 813, 1324, 1325], "Q4_K", "float")
    assert stored.reads == [(812, 814), (1324, 1326)]


def test_rows_close_together_are_one_read_and_rows_far_apart_are_many():
    near = Zeros((1000, 64))
    window(near, path="a", row=900, rows=20, columns=10)
    assert near.reads == [(900 * 64, 919 * 64 + 10)]
    far = Zeros((10**6, GAP_LIMIT))
    cells = window(far, path="a", row=10**6 - 3, rows=20, column=5, columns=10)
    assert (cells.rows, cells.row) == (3, 10**6 - 3)
    assert far.reads == [((10**6 - rest) * GAP_LIMIT + 5, (10**6 - rest) * GAP_LIMIT + 15) for rest in (3, 2, 1)]


def test_many_rows_are_read_in_bounded_pieces():
    tall = Zeros((10_000, 2000))
    assert len(window(tall, path="a", rows=4_000, columns=1).values) == 4_000
    assert tall.largest_read * 4 <= 1024 * 1024
    assert len(tall.reads) < 40


def test_an_empty_window_reads_nothing():
    stored = Held.of(torch.ones(3, 3))
    assert window(stored, path="a", rows=0).values == []
    assert window(Held.of(torch.ones(0, 3)), path="a").values == []
    assert stored.reads == []


def test_what_cannot_be_read_has_a_reason():
    gone = Held("a", (2,), DTYPES["float32"], b"", Unreadable("weights.bin is no longer there"))
    cells = window(gone, path="a")
    assert (cells.absence, cells.reason) == ("gone", "weights.bin is no longer there")
    assert (cells.shape, cells.dtype) == ([2], "float32")
    lacking = Unreadable("pip install gguf")
    lacking.__cause__ = ImportError("gguf")
    assert window(Held("a", (2,), DTYPES["float32"], b"", lacking), path="a").absence == "unsupported"
    unknown = DType("mystery", "float", 2, 1, None)
    assert window(Held("a", (2,), unknown, b"0000"), path="a").absence == "unsupported"
