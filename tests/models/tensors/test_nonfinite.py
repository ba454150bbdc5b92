"""The next NaN or infinity, compared with a plain walk over the elements."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors import nonfinite
from models.tensors.nonfinite import next_nonfinite
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled
from tests.models.tensors.walked import by_hand

values = st.sampled_from([0.0, 1.5, -2.0, 3.0, math.nan, math.inf, -math.inf])


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), max_size=4), st.data(), st.sampled_from([1, -1]), st.integers(1, 9), st.booleans())
def test_it_is_the_one_that_a_walk_comes_to(shape, data, direction, piece, turned):
    count = math.prod(shape)
    tensor = torch.tensor(data.draw(st.lists(values, min_size=count, max_size=count))).reshape(shape)
    if turned:  # the same elements in another order, without being contiguous
        tensor = tensor.permute(tuple(reversed(range(tensor.dim()))))
    index = [data.draw(st.integers(0, size - 1)) for size in tensor.shape]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nonfinite, "PIECE", piece)
        found = next_nonfinite(readable_of(tensor), path="a", index=index, direction=direction)
    assert found.index == by_hand(tensor, index, direction)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.complex64])
def test_every_kind_of_float(dtype):
    tensor = torch.zeros(3, 4).to(dtype)
    assert next_nonfinite(readable_of(tensor), path="a").index is None
    tensor[2, 1] = math.nan
    assert next_nonfinite(readable_of(tensor), path="a").index == [2, 1]
    assert next_nonfinite(readable_of(tensor), path="a", index=[2, 1]).index == [2, 1]


def test_the_largest_numbers_are_finite():
    assert next_nonfinite(readable_of(torch.full((3,), 1.7e308, dtype=torch.float64)), path="a").index is None
    assert (
        next_nonfinite(readable_of(torch.tensor([complex(1e308, 1e308)], dtype=torch.complex128)), path="a").index
        is None
    )
    assert next_nonfinite(readable_of(torch.tensor([0, complex(0, math.inf)])), path="a").index == [1]


@pytest.mark.parametrize("tensor", [torch.arange(9), torch.ones(3, dtype=torch.bool), torch.empty(0, 4)])
def test_where_there_can_be_none(tensor):
    found = next_nonfinite(readable_of(tensor), path="a")
    assert (found.index, found.absence) == (None, "")


def test_absences_are_reported():
    assert next_nonfinite(readable_of(None), path="a", of="gradient").absence == "none"
    assert next_nonfinite(readable_of(torch.empty(3, device="meta")), path="a").absence == "meta"


def test_a_sparse_tensor_is_looked_through():
    tensor = torch.tensor([[0.0, 0.0], [math.nan, 0.0]]).to_sparse()
    assert next_nonfinite(readable_of(tensor), path="a").index == [1, 0]


def test_it_can_be_cancelled_and_changes_nothing():
    tensor = torch.zeros(2**20, requires_grad=True)
    with pytest.raises(Cancelled):
        next_nonfinite(readable_of(tensor), path="a", should_cancel=lambda: True)
    assert tensor._version == 0
    reported = []
    assert next_nonfinite(readable_of(tensor), path="a", on_progress=reported.append).index is None
    assert reported
    assert reported[-1] == pytest.approx(1)
