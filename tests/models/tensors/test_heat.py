"""The reduced picture compared with a plain loop over blocks."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors import heat
from models.tensors.heat import heat_map
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled


def by_hand(matrix, down, across):
    """Return the element of largest magnitude of each block, sign kept, by Python's `max`."""
    height, width = matrix.shape
    cells = []
    for top in range(0, height, down):
        for left in range(0, width, across):
            block = matrix[top : top + down, left : left + across].flatten().tolist()
            cells.append(math.nan if any(map(math.isnan, block)) else max(block, key=lambda x: (abs(x), x)))
    return cells


elements = st.one_of(st.floats(-9, 9, width=32), st.sampled_from([math.nan, math.inf, -math.inf]))


@settings(deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 9), st.integers(1, 9), st.integers(1, 30), st.data())
def test_cells_are_the_blocks_extremes(height, width, rows, columns, piece, data):
    values = data.draw(st.lists(elements, min_size=height * width, max_size=height * width))
    matrix = torch.tensor(values).reshape(height, width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heat, "PIECE", piece)
        cells = heat_map(readable_of(matrix), path="a", height=rows, width=columns)
    down, across = cells.block
    assert cells.height == -(-height // down) <= rows
    assert cells.width == -(-width // across) <= columns
    assert [str(x) for x in cells.values] == [str(x) for x in map(float, by_hand(matrix, down, across))] or (
        cells.values == pytest.approx(by_hand(matrix, down, across), nan_ok=True)
    )


def test_never_more_cells_than_elements():
    cells = heat_map(readable_of(torch.arange(6).reshape(2, 3)), path="a", height=50, width=50)
    assert (cells.height, cells.width, cells.block, cells.values) == (2, 3, (1, 1), [0, 1, 2, 3, 4, 5])


def test_the_chosen_matrix_of_a_higher_tensor():
    tensor = torch.stack([torch.zeros(4, 4), -torch.ones(4, 4)])
    cells = heat_map(readable_of(tensor), path="a", leading=[99], height=2, width=2)
    assert (cells.leading, cells.values) == ([1], [-1] * 4)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.int32, torch.uint16, torch.float8_e5m2, torch.bfloat16, torch.complex64]
)
def test_every_dtype(dtype):
    assert heat_map(readable_of(torch.tensor([[0, 1, 1, 1]]).to(dtype)), path="a", width=2).values == [1, 1]


def test_empty_and_scalar_tensors():
    assert heat_map(readable_of(torch.zeros(0, 3)), path="a").values == []
    assert heat_map(readable_of(torch.tensor(-2.0)), path="a").values == [-2]


def test_a_huge_matrix_is_reduced_piece_by_piece():
    tensor = torch.zeros(3_000, 2_001)
    asked = []
    heat_map(readable_of(tensor), path="a", should_cancel=lambda: bool(asked.append(1)))
    assert len(asked) >= tensor.numel() // heat.PIECE


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled):
        heat_map(readable_of(torch.zeros(100, 100)), path="a", should_cancel=lambda: True)


def test_no_numbers_has_a_reason():
    assert heat_map(readable_of(torch.zeros(2, device="meta")), path="a").absence == "meta"
    assert heat_map(readable_of(None), path="a").absence == "none"


@pytest.mark.parametrize("shape", [(64, 40), (4, 900), (1, 5_000), (3_000, 1)])
def test_of_a_huge_matrix_a_sample_of_each_block_is_read_and_that_is_said(shape, monkeypatch):
    matrix = torch.arange(1.0, shape[0] * shape[1] + 1).reshape(shape)
    whole = heat_map(readable_of(matrix), path="a", height=4, width=8)
    assert whole.read == matrix.numel()
    monkeypatch.setattr(heat, "SAMPLED_FROM", matrix.numel() // 10)
    monkeypatch.setattr(heat, "PIECE", 64)
    monkeypatch.setattr(heat, "WORTH_A_READ", 1)
    asked = []
    sample = heat_map(readable_of(matrix), path="a", height=4, width=8, on_progress=asked.append)
    assert matrix.numel() // 50 <= sample.read <= matrix.numel() // 5
    assert (sample.height, sample.width, sample.block) == (whole.height, whole.width, whole.block)
    down, across = sample.block
    for index, (value, largest) in enumerate(zip(sample.values, whole.values, strict=True)):
        row, column = divmod(index, sample.width)
        found = matrix[row * down : (row + 1) * down, column * across : (column + 1) * across]
        assert found.min() <= value <= largest  # of this block, though perhaps not its largest
    assert asked == sorted(asked)


def test_of_blocks_of_few_wide_rows_whole_rows_are_read(monkeypatch):
    """Parts of them would be too small to be worth a read each."""
    monkeypatch.setattr(heat, "SAMPLED_FROM", 400)
    matrix = torch.arange(1.0, 8 * 500 + 1).reshape(8, 500)
    cells = heat_map(readable_of(matrix), path="a", height=4, width=10)
    assert cells.read == 4 * 500  # one of the two rows of each block
    assert cells.values == [row * 500 + column for row in range(0, 8, 2) for column in range(50, 501, 50)]
