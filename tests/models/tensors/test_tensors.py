"""Facts of single tensors of every kind."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.tensors.tensors import (
    class_name,
    dtype_text,
    element_count,
    is_uninitialised,
    shape_of,
    shape_text,
    size_in_bytes,
)


@pytest.mark.parametrize(
    ("tensor", "shape", "dtype", "count", "size"),
    [
        (torch.zeros(8, 4), "[8, 4]", "float32", 32, 128),
        (torch.tensor(1.0, dtype=torch.float64), "[]", "float64", 1, 8),
        (torch.zeros(0, 3, dtype=torch.bool), "[0, 3]", "bool", 0, 0),
        (torch.zeros(2, device="meta", dtype=torch.bfloat16), "[2]", "bfloat16", 2, 4),
        (torch.zeros(2, dtype=torch.float8_e4m3fn), "[2]", "float8_e4m3fn", 2, 2),
        (torch.zeros(1, 2).expand(5, 2), "[5, 2]", "float32", 10, 40),
    ],
)
def test_dense(tensor: torch.Tensor, shape: str, dtype: str, count: int, size: int) -> None:
    assert shape_text(tensor) == shape
    assert dtype_text(tensor) == dtype
    assert (element_count(tensor), size_in_bytes(tensor)) == (count, size)


def test_sparse_tensors_take_what_they_store() -> None:
    coordinates = torch.eye(100).to_sparse()
    assert element_count(coordinates) == 10_000
    assert size_in_bytes(coordinates) == 100 * 4 + 2 * 100 * 8


@pytest.mark.filterwarnings("ignore:.*nested tensors:UserWarning")
def test_nested_tensors_have_no_shape() -> None:
    for layout in (torch.strided, torch.jagged):
        nested = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(3, 3)], layout=layout)
        assert (shape_of(nested), shape_text(nested)) == (None, "")


def test_lazy_parameters_have_no_shape() -> None:
    weight = nn.LazyLinear(3).weight
    assert is_uninitialised(weight)
    assert (shape_of(weight), shape_text(weight), element_count(weight), size_in_bytes(weight)) == (
        None,
        "",
        None,
        None,
    )


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_scripted_module_keeps_its_class_name() -> None:
    assert class_name(torch.jit.script(nn.Linear(1, 1))) == "Linear"
    assert class_name(nn.ReLU()) == "ReLU"
