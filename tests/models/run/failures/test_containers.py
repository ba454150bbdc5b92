"""Of `containers`, `unpacking`, `truth` and `einsum`: what is not a matter of one layer's sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, hint_of


def test_a_list_of_modules_is_no_layer() -> None:
    net = Made(lambda self, x: self.layers(x), layers=nn.ModuleList([nn.Linear(3, 3)]))
    assert hint_of(net, torch.rand(2, 3)).startswith("`layers` is a ModuleList, which only holds modules")


def test_a_module_that_a_list_or_dict_does_not_have() -> None:
    layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))
    assert hint_of(Made(lambda self, x: self.layers[3](x), layers=layers), torch.rand(2, 3)) == (
        "`layers` has 3 modules: 0 to 2, and no 3"
    )
    heads = nn.ModuleDict({"main": nn.Linear(3, 3), "side": nn.Linear(3, 1)})
    net = Made(lambda self, x: self.inner.heads["mian"](x), inner=Made(lambda self: None, heads=heads))
    assert hint_of(net, torch.rand(2, 3)) == "`inner.heads` has no 'mian': it has 'main', 'side'"


def test_a_key_error_of_the_users_own_is_left_alone() -> None:
    assert hint_of(Made(lambda self, x: {}["main"]), torch.rand(2, 3)) == ""
    assert hint_of(Made(lambda self, x: [][0]), torch.rand(2, 3)) == ""


def unpacked_shape(self: nn.Module, x: Tensor) -> Tensor:
    batch, time, width = x.shape
    return x.view(batch, time * width)


def unpacked_size(self: nn.Module, x: Tensor) -> Tensor:
    x = x.flatten(1)
    batch, time, width = x.size()
    return x.view(batch, time * width)


def unpacked_parts(self: nn.Module, x: Tensor) -> Tensor:
    first, second = x.split(2, -1)
    return first + second


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (unpacked_shape, "3 names for `x.shape`, which is [2, 3, 4, 5] from the network's input: it has 4 dimensions"),
        (unpacked_size, "3 names for `x.size()`, which is [2, 60] from `flatten` at "),
        (unpacked_parts, "2 names for the 3 parts that `split` at test_containers.py:"),
    ],
)
def test_too_many_or_too_few_to_take_apart(forward: Callable[..., Any], said: str) -> None:
    assert hint_of(Made(forward), torch.rand(2, 3, 4, 5)).startswith(said)


def test_taking_apart_something_else_is_left_alone() -> None:
    def own(self: nn.Module, x: Tensor) -> Tensor:
        first, second = [x, x, x]
        return first + second

    assert hint_of(Made(own), torch.rand(2, 3)) == ""


def test_one_truth_value_and_one_number() -> None:
    condition = Made(lambda self, x: x if self.layer(x) > 0 else -x, layer=nn.Linear(3, 2))
    hint = hint_of(condition, torch.rand(4, 3))
    assert hint.startswith("a condition needs one truth value, and [4, 2] from `gt` at test_containers.py:")
    assert "has 8" in hint
    number = Made(lambda self, x: x * self.layer(x).item(), layer=nn.Linear(3, 2))
    assert hint_of(number, torch.rand(4, 3)).startswith("one number was asked for, and [4, 2] from `layer` has 8")


@pytest.mark.parametrize(
    ("equation", "shapes", "said"),
    [
        ("bi,io->bo", [(4, 6), (5, 2)], "`i` in `bi,io->bo` of `einsum` at "),
        ("bti,io->bto", [(4, 6), (6, 2)], "has 3 letters, `bti`, for [4, 6]"),
        ("bi,io->bo", [(4, 6)], "names 2 operands in `bi,io->bo`, and got 1"),
    ],
)
def test_an_equation_that_does_not_go_with_its_operands(
    equation: str, shapes: list[tuple[int, ...]], said: str
) -> None:
    tensors = [torch.rand(shape) for shape in shapes]
    hint = hint_of(Made(lambda self, *args: torch.einsum(equation, *args)), *tensors)
    assert said in hint


def test_an_equation_with_repeated_ones_is_not_blamed() -> None:
    net = Made(lambda self, x, y: torch.einsum("...i,io->...o", x, y))
    assert "einsum" not in hint_of(net, torch.rand(4, 6), torch.rand(5, 2))
