"""Names that a module does not have: those that are near are named, nothing is guessed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, hint_of


class Misspelt(nn.Module):
    def foward(self, x: Tensor) -> Tensor:
        return x


class Without(nn.Module):
    pass


def test_a_class_without_forward() -> None:
    assert hint_of(Misspelt(), torch.rand(2)) == "the class Misspelt defines no `forward`, but `foward`"
    assert hint_of(nn.Sequential(Without()), torch.rand(2)) == "the class Without defines no `forward`"


@pytest.mark.parametrize(
    ("name", "near"),
    [("fcl", "fc1"), ("hiden", "hidden"), ("runing_mean", "running_mean"), ("scales", "scale")],
)
def test_a_name_that_is_nearly_one_of_the_modules(name: str, near: str) -> None:
    net = Made(lambda self, x: getattr(self, name)(x), fc1=nn.Linear(2, 2), hidden=nn.ReLU(), scale=2.0)
    net.register_buffer("running_mean", torch.zeros(2))
    assert hint_of(net, torch.rand(2)) == f"Made has no `{name}`: the nearest name that it has is `{near}`"


def test_nothing_is_said_where_no_name_is_near_or_another_object_lacks_it() -> None:
    net = Made(lambda self, x: self.decoder(x), fc1=nn.Linear(2, 2))
    assert hint_of(net, torch.rand(2)) == ""
    net = Made(lambda self, x: self.scale.fc(x), fc1=nn.Linear(2, 2), scale=2.0)
    assert hint_of(net, torch.rand(2)) == ""


def test_a_forward_that_raises_that_it_is_not_implemented_is_left_alone() -> None:
    def later(self: nn.Module, x: Tensor) -> Tensor:
        raise NotImplementedError("later")

    assert hint_of(Made(later), torch.rand(2)) == ""
