"""Of `linear`: a wrong number of features, said with what fits, which then fits."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from tests.models.run.failures.explaining import Made, assert_mended, hint_of

X = torch.rand(1, 3, 8, 8)


def flat(in_features: int = 48) -> nn.Module:
    layers: list[tuple[str, nn.Module]] = [
        ("conv", nn.Conv2d(3, 16, 5)),
        ("pool", nn.MaxPool2d(2)),
        ("flat", nn.Flatten()),
        ("proj", nn.Linear(in_features, 10)),
    ]
    return nn.Sequential(OrderedDict(layers))


def test_what_was_flattened_is_said_with_what_it_was_before() -> None:
    said = "`proj` expects 48 features, got 64 from `flat` ([1, 16, 2, 2] flattened): `in_features=64` fits"
    assert hint_of(flat(), X) == said
    assert_mended(flat, X, said=said, in_features=64)


def test_layers_one_behind_the_other() -> None:
    def make(in_features: int = 4) -> nn.Module:
        return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(in_features, 2)))

    said = "`2.0` expects 4 features, got 3 from `1`: `in_features=3` fits"
    assert_mended(make, torch.rand(5, 2), said=said, in_features=3)


def test_what_the_code_of_a_module_made_is_named_by_its_operation() -> None:
    def make(in_features: int = 9) -> nn.Module:
        joined = lambda self, x: self.out(torch.cat([self.a(x), x], 1))  # noqa: E731
        return Made(joined, a=nn.Linear(4, 4), out=nn.Linear(in_features, 1))

    said = "`out` expects 9 features, got 8 from `cat` at test_linear.py:"
    assert_mended(make, torch.rand(2, 4), said=said, in_features=8)


def test_an_input_of_the_right_size_fits_too() -> None:
    hint = hint_of(nn.Sequential(nn.Linear(20, 2)), torch.rand(2, 7))
    assert (
        hint == "`0` expects 20 features, got 7 from the network's input: an input of [2, 20] fits, or `in_features=7`"
    )
    nn.Linear(20, 2)(torch.rand(2, 20))
    nn.Linear(7, 2)(torch.rand(2, 7))


def test_a_flatten_that_is_missing() -> None:
    net = nn.Sequential(nn.Conv2d(3, 16, 5), nn.MaxPool2d(2), nn.Linear(64, 10))
    assert hint_of(net, X).endswith("from dimension 1 on [1, 16, 2, 2] holds 64: `.flatten(1)` before it fits")
    net[2](net[1](net[0](X)).flatten(1))
    picture = nn.Sequential(nn.Linear(64, 10))
    assert hint_of(picture, torch.rand(8, 8)).endswith("`.flatten()` before it fits")
    picture(torch.rand(8, 8).flatten())


def test_a_flatten_that_is_missing_before_a_layer_of_another_size() -> None:
    net = nn.Sequential(nn.Conv2d(3, 16, 5), nn.MaxPool2d(2), nn.Linear(50, 10))
    assert hint_of(net, X).endswith(", not flattened: `.flatten(1)` before it and `in_features=64` fit")
    nn.Linear(64, 10)(net[1](net[0](X)).flatten(1))


def test_a_flatten_that_took_the_batch_along() -> None:
    net = Made(lambda self, x: self.fc(x.flatten()), fc=nn.Linear(192, 10))
    assert hint_of(net, torch.rand(2, 3, 8, 8)).endswith("`.flatten(1)` in its place keeps the batch, and fits")
    net.fc(torch.rand(2, 3, 8, 8).flatten(1))


def test_a_layer_that_ran_before_or_shares_its_weights_is_not_to_be_changed() -> None:
    twice = Made(lambda self, x: self.fc(self.fc(x)), fc=nn.Linear(4, 3))
    assert hint_of(twice, torch.rand(2, 4)) == "`fc` expects 4 features, got 3 from `fc`"
    tied = Made(
        lambda self, x: self.out(self.mid(self.emb(x))),
        emb=nn.Embedding(5, 4),
        mid=nn.Linear(4, 3),
        out=nn.Linear(4, 5),
    )
    tied.out.weight = tied.emb.weight
    assert hint_of(tied, torch.tensor([1])) == "`out` expects 4 features, got 3 from `mid`"


def test_a_function_with_weights_of_the_users_own() -> None:
    net = Made(lambda self, x: nn.functional.linear(x, self.w), w=nn.Parameter(torch.rand(2, 4)))
    assert hint_of(net, torch.rand(2, 3)).startswith("`linear` at test_linear.py:")
    assert "expects 4 features, got 3 from the network's input" in hint_of(net, torch.rand(2, 3))


def test_bilinear() -> None:
    def make(in2_features: int = 5) -> nn.Module:
        return Made(lambda self, x, y: self.both(x, y), both=nn.Bilinear(3, in2_features, 2))

    said = "input 2 of `both` needs 5 features, got 4 from the network's input: `in2_features=4` fits"
    assert_mended(make, torch.rand(2, 3), torch.rand(2, 4), said=said, in2_features=4)


def test_other_errors_are_left_to_torch() -> None:
    class Raises(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise ValueError("mine")

    assert hint_of(nn.Sequential(Raises()), X) == ""
