"""The reduced picture compared with a plain loop over blocks."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors import heat
from models.tensors.heat import heat_map
from models.work.cancelled import Cancelled


def by_hand(matrix, down, across):
    """Largest magnitude of each block, sign kept, as Python would find it."""
    height, width = matrix.shape
    cells = []
    for top in range(0, height, down):
        for left in range(0, width, across):
            block = matrix[top : top + down, left : left + across].flatten().tolist()
            cells.append(math.nan if any(map(math.isnan, block)) else max(block, key=lambda x: (abs(x), x)))
    return cells


entries = st.one_of(st.floats(-9, 9, width=32), st.sampled_from([math.nan, math.inf, -math.inf]))


@settings(deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 9), st.integers(1, 9), st.integers(1, 30), st.data())
def test_cells_are_the_blocks_extremes(height, width, rows, columns, piece, data):
    values = data.draw(st.lists(entries, min_size=height * width, max_size=height * width))
    matrix = torch.tensor(values).reshape(height, width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heat, "PIECE", piece)
        cells = heat_map(matrix, path="a", height=rows, width=columns)
    down, across = cells.block
    assert cells.height == -(-height // down) <= rows
    assert cells.width == -(-width // across) <= columns
    assert [str(x) for x in cells.values] == [str(x) for x in map(float, by_hand(matrix, down, across))] or (
        cells.values == pytest.approx(by_hand(matrix, down, across), nan_ok=True)
    )


def test_never_more_cells_than_elements():
    cells = heat_map(torch.arange(6).reshape(2, 3), path="a", height=50, width=50)
    assert (cells.height, cells.width, cells.block, cells.values) == (2, 3, (1, 1), [0, 1, 2, 3, 4, 5])


def test_the_chosen_matrix_of_a_higher_tensor():
    tensor = torch.stack([torch.zeros(4, 4), -torch.ones(4, 4)])
    cells = heat_map(tensor, path="a", leading=[99], height=2, width=2)
    assert (cells.leading, cells.values) == ([1], [-1] * 4)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.int32, torch.uint16, torch.float8_e5m2, torch.bfloat16, torch.complex64]
)
def test_every_dtype(dtype):
    assert heat_map(torch.tensor([[0, 1, 1, 1]]).to(dtype), path="a", width=2).values == [1, 1]


def test_empty_and_scalar_tensors():
    assert heat_map(torch.zeros(0, 3), path="a").values == []
    assert heat_map(torch.tensor(-2.0), path="a").values == [-2]


def test_a_huge_matrix_is_reduced_piece_by_piece():
    tensor = torch.zeros(3_000, 2_001)
    asked = []
    heat_map(tensor, path="a", cancelled=lambda: bool(asked.append(1)))
    assert len(asked) >= tensor.numel() // heat.PIECE


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled):
        heat_map(torch.zeros(100, 100), path="a", cancelled=lambda: True)


def test_no_numbers_has_a_reason():
    assert heat_map(torch.zeros(2, device="meta"), path="a").absence == "meta"
    assert heat_map(None, path="a").absence == "none"
