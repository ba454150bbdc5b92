"""Chunks hold each element once, whatever the strides, and are views."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors.statistics.chunks import chunks


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), max_size=4), st.data(), st.integers(1, 40), st.integers(1, 3))
def test_every_element_once_in_small_views(shape, data, limit, step):
    tensor = torch.arange(math.prod(shape)).reshape(shape).permute(data.draw(st.permutations(range(len(shape)))))
    if tensor.dim():
        tensor = tensor[..., ::step]
    parts = list(chunks(tensor, limit))
    assert all(0 < part.numel() <= limit for part in parts)
    assert sorted(number for part in parts for number in part.flatten().tolist()) == sorted(tensor.flatten().tolist())
    storage = tensor.untyped_storage().data_ptr()
    assert all(part.untyped_storage().data_ptr() == storage for part in parts)


def test_a_transposed_matrix_is_walked_along_its_memory():
    parts = list(chunks(torch.arange(12).reshape(3, 4).t(), 5))
    assert [part.tolist() for part in parts] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
