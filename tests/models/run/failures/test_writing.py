"""Of `writing`: writes in place that cannot be, each with a network that does what the hint says and runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, hint_of

HERE = "test_writing.py"


def test_a_parameter_is_named_with_the_line_as_it_would_be() -> None:
    def wrong(self: nn.Module, x: Tensor) -> Tensor:
        scale = self.scale
        scale += 1
        return x * scale

    hint = hint_of(Made(wrong, scale=nn.Parameter(torch.ones(3))), torch.rand(2, 3))
    assert "writes into `scale`" in hint
    assert "write scale = scale + 1 instead of scale += 1" in hint
    assert "`torch.no_grad()`" in hint


def test_what_is_computed_of_an_attribute_is_not_assigned_to_it_as_a_parameter_takes_no_tensor() -> None:
    def wrong(self: nn.Module, x: Tensor) -> Tensor:
        self.count += 1
        return x * self.count

    hint = hint_of(Made(wrong, count=nn.Parameter(torch.zeros(3))), torch.rand(2, 3))
    assert "writes into `count`" in hint
    assert "`self.count + 1` gives a new tensor" in hint
    assert hint.endswith("within `torch.no_grad()` it may be changed, and what is not learnt is a buffer")


def test_a_layer_that_writes_into_a_parameter() -> None:
    net = Made(lambda self, x: x * self.act(self.scale), act=nn.ReLU(inplace=True), scale=nn.Parameter(torch.ones(3)))
    assert "writes into `scale`" in hint_of(net, torch.rand(2, 3))


def test_a_part_of_a_parameter() -> None:
    def wrong(self: nn.Module, x: Tensor) -> Tensor:
        self.table[0] = 0
        return x @ self.table

    hint = hint_of(Made(wrong, table=nn.Parameter(torch.ones(3, 3))), torch.rand(2, 3))
    assert "`__setitem__`" in hint
    assert "writes into a part of `table`" in hint
    assert "write into `table.clone()`" in hint


def test_the_weight_of_a_layer() -> None:
    net = Made(lambda self, x: self.layer(x + self.layer.weight.clamp_(-1, 1).sum()), layer=nn.Linear(3, 3))
    assert "writes into `layer.weight`" in hint_of(net, torch.rand(2, 3))
    assert "`clamp` in its place" in hint_of(net, torch.rand(2, 3))


@pytest.mark.parametrize("parts", [lambda x: x.chunk(2, -1), lambda x: x.unbind(0), lambda x: torch.split(x, 2)])
def test_one_of_several_views(parts: Callable[[Tensor], tuple[Tensor, ...]]) -> None:
    hint = hint_of(Made(lambda self, x: parts(self.layer(x))[0].mul_(2), layer=nn.Linear(4, 4)), torch.rand(4, 4))
    assert "writes into one of the tensors from `" in hint
    assert "`mul` in its place gives a new tensor" in hint
    assert parts(nn.Linear(4, 4)(torch.rand(4, 4)))[0].mul(2).requires_grad


def test_a_view_that_was_made_without_gradients() -> None:
    def wrong(self: nn.Module, x: Tensor) -> Tensor:
        y = self.layer(x)
        with torch.no_grad():
            half = y[:, :2]
        return half.mul_(self.layer.bias.sum())

    hint = hint_of(Made(wrong, layer=nn.Linear(4, 4)), torch.rand(4, 4))
    assert "writes into a view from `__getitem__`" in hint
    assert "gradients switched off" in hint


def test_elements_that_are_repeated() -> None:
    hint = hint_of(Made(lambda self, x: torch.zeros(1, 3).expand(2, 3).add_(x)), torch.rand(2, 3))
    assert "writes into [2, 3] from `expand`" in hint
    assert hint.endswith("`.clone()` of it before that fits")
    torch.zeros(1, 3).expand(2, 3).clone().add_(torch.rand(2, 3))


def test_whole_numbers_that_cannot_hold_fractions() -> None:
    hint = hint_of(Made(lambda self, x: torch.arange(3).div_(2) * x), torch.rand(2, 3))
    assert "gives float32, which int64 from `arange`" in hint
    assert hint.endswith("`div` in its place gives a new tensor")
    torch.arange(3).div(2)


def test_a_tensor_of_inference_mode() -> None:
    with torch.inference_mode():
        table = torch.ones(3)
    net = Made(lambda self, x: self.layer(x) * self.table, layer=nn.Linear(3, 3), table=table)
    hint = hint_of(net, torch.rand(2, 3))
    assert "got `table`, which was made within `torch.inference_mode()`" in hint


def test_other_errors_are_left_to_torch() -> None:
    def own(self: nn.Module, x: Tensor) -> Tensor:
        raise RuntimeError("a leaf of ours")

    assert hint_of(Made(own), torch.rand(2, 3)) == ""
