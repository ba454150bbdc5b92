from __future__ import annotations

import pytest
import torch

from models.session.sharing.places import place_text
from models.tensors.extents import extent_of

BASE = torch.arange(20.0)


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (BASE, "all of it"),
        (BASE[5:10], "elements 5–9 of 20"),
        (BASE[3], "element 3 of 20"),
        (BASE[5:5], "no element"),
        (BASE[:0], "no element"),
        (BASE.reshape(4, 5)[:, 2:2], "no element"),
        (BASE[::2], "elements 0–18 of 20, strides (2,)"),
        (BASE.reshape(4, 5).T, "all of it, transposed"),
        (BASE.reshape(2, 2, 5).permute(1, 0, 2), "all of it, dimensions in another order"),
        (BASE[:1].expand(7), "element 0 of 20, expanded: fewer elements than it shows"),
    ],
)
def test_it_says_which_elements_of_its_memory_a_tensor_has(tensor: torch.Tensor, text: str) -> None:
    extent = extent_of(4 * tensor.storage_offset(), tensor.shape, tensor.stride(), 4)
    assert place_text(extent, 4, 80, tensor.shape, tensor.stride()) == text
