"""Tensors within values, and their shapes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import UninitializedParameter

from models.run.calls import Several, shape_text
from models.run.shapes import LIMIT, arguments_in, shape_of_output, shapes_of, tensors_in

A, B = torch.rand(2, 3), torch.rand(4)


def test_tensors_of_nested_arguments_in_order() -> None:
    found = list(tensors_in({"a": [A, (B, None)], "b": 3, "c": A}))
    assert [id(tensor) for tensor in found] == [id(A), id(B), id(A)]
    assert [id(tensor) for tensor in arguments_in((A, 2), {"other": [B]})] == [id(A), id(B)]
    assert len(arguments_in(([A] * 1000,), {})) == LIMIT


def test_shapes() -> None:
    assert shapes_of([A, B, torch.tensor(1)]) == ((2, 3), (4,), ())
    assert shapes_of([UninitializedParameter()]) == (None,)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (A, "[2, 3]"),
        ((A, B), "([2, 3], [4])"),
        ((A, (B, None)), "([2, 3], ([4], ·))"),
        ({"logits": A}, "([2, 3])"),
        (True, "True"),
        (3, ""),
        (None, ""),
        ([], ""),
        (("text", 1), ""),
        (torch.Size([1, 2]), ""),
    ],
)
def test_shapes_of_what_a_call_gave(value: object, text: str) -> None:
    assert shape_text(shape_of_output(value)) == text


def test_a_shape_and_several_are_told_apart() -> None:
    assert isinstance(shape_of_output([A]), Several)
    assert not isinstance(shape_of_output(A), Several)


@pytest.mark.filterwarnings("ignore:.*nested tensors:UserWarning")  # torch says so once in a process
def test_a_nested_tensor_has_no_shape() -> None:
    nested = torch.nested.nested_tensor([torch.rand(2), torch.rand(3)])
    assert shape_text(shape_of_output(nested)) == ""
