"""Live tensors, read piece by piece."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors.torch_readable import flat_part


@settings(deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.randoms(use_true_random=False), st.data())
def test_any_part_of_a_permuted_tensor_is_in_row_major_order(shape, random, data):
    order = list(range(len(shape)))
    random.shuffle(order)
    tensor = torch.arange(torch.Size(shape).numel()).reshape(shape).permute(order)
    start = data.draw(st.integers(0, tensor.numel()))
    stop = data.draw(st.integers(start, tensor.numel()))
    assert flat_part(tensor, start, stop).tolist() == tensor.flatten().tolist()[start:stop]
