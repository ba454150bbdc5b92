"""Tensors within values, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch.nn import UninitializedParameter

from models.run.trace.calls import Several, shape_as_text
from models.run.trace.shapes import LIMIT, arguments_in, shape_of_output, shapes_of, tensors_in

A, B = torch.rand(2, 3), torch.rand(4)


@dataclass
class Output:
    """As libraries return their results."""

    logits: torch.Tensor
    loss: torch.Tensor | None = None


def test_tensors_of_nested_arguments_in_order() -> None:
    found = list(tensors_in({"a": [A, (B, None)], "b": 3, "c": A}))
    assert [id(tensor) for tensor in found] == [id(A), id(B), id(A)]
    assert [id(tensor) for tensor in arguments_in((A, 2), {"other": [B]})] == [id(A), id(B)]
    assert len(arguments_in(([A] * 1000,), {})) == LIMIT


def test_tensors_of_a_dataclass() -> None:
    assert [id(tensor) for tensor in tensors_in((Output(A, B), Output))] == [id(A), id(B)]


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
        (Output(A), "([2, 3], ·)"),
        (True, "True"),
        (3, ""),
        (None, ""),
        ([], ""),
        (("text", 1), ""),
        (torch.Size([1, 2]), ""),
    ],
)
def test_shapes_of_what_a_call_gave(value: object, text: str) -> None:
    assert shape_as_text(shape_of_output(value)) == text


def test_a_shape_and_several_are_kept_apart() -> None:
    assert isinstance(shape_of_output([A]), Several)
    assert not isinstance(shape_of_output(A), Several)


@pytest.mark.filterwarnings("ignore:.*nested tensors:UserWarning")  # torch says so once in a process
def test_a_nested_tensor_has_no_shape() -> None:
    nested = torch.nested.nested_tensor([torch.rand(2), torch.rand(3)])
    assert shape_as_text(shape_of_output(nested)) == ""
