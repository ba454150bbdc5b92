"""Of `normalisation`: features, dimensions, and what has no variance."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.models.run.failures.explaining import Piped, assert_mended, assert_mended_before, hint_of


@pytest.mark.parametrize(
    ("norm", "wrong", "x", "name"),
    [
        (lambda n: nn.BatchNorm2d(n), 4, torch.rand(2, 3, 4, 4), "num_features"),
        (lambda n: nn.BatchNorm1d(n), 8, torch.rand(4, 3), "num_features"),
        (lambda n: nn.BatchNorm3d(n).eval(), 8, torch.rand(4, 3, 2, 2, 2), "num_features"),
        (lambda n: nn.InstanceNorm2d(n, affine=True), 8, torch.rand(4, 3, 2, 2), "num_features"),
        (lambda n: nn.GroupNorm(3, n), 6, torch.rand(4, 3, 2, 2), "num_channels"),
        (lambda n: nn.GroupNorm(2, n), 8, torch.rand(2, 4, 3), "num_channels"),
        (lambda n: nn.LayerNorm(n), 8, torch.rand(2, 4), "normalized_shape"),
        (lambda n: nn.LayerNorm(n), 8, torch.rand(2, 5, 4), "normalized_shape"),
        (lambda n: nn.RMSNorm(n), 8, torch.rand(2, 4), "normalized_shape"),
    ],
)
def test_features(norm: Callable[[int], nn.Module], wrong: int, x: torch.Tensor, name: str) -> None:
    def make(**given: int) -> nn.Module:
        return nn.Sequential(norm(given.get(name, wrong)))

    is_last = name == "normalized_shape"
    right = x.shape[-1] if is_last else x.shape[1]
    assert_mended(make, x, said=f"`{name}={right}` fits", **{name: right})


def test_an_image_without_a_batch_is_not_taken_for_one() -> None:
    hint = hint_of(Piped(nn.InstanceNorm2d(8, affine=True)), torch.rand(3, 5, 5))
    assert hint in (
        "",
        "`layer` expects 8 features in dimension 1, got 3 from the network's input: `num_features=3` fits",
    )


def test_channels_that_groups_cannot_share() -> None:
    hint = hint_of(nn.Sequential(nn.GroupNorm(2, 8)), torch.rand(2, 5, 3))
    assert hint == (
        "`0` expects 8 channels in dimension 1, got 5 from the network's input, which 2 groups cannot share equally"
    )


@pytest.mark.parametrize(
    ("norm", "x"),
    [
        (nn.BatchNorm2d(4), torch.rand(2, 4)),
        (nn.BatchNorm1d(4), torch.rand(2, 4, 3, 3)),
        (nn.BatchNorm2d(4), torch.rand(2, 4, 3, 3, 3)),
    ],
)
def test_a_batch_norm_for_other_dimensions(norm: nn.Module, x: torch.Tensor) -> None:
    hint = hint_of(Piped(norm), x)
    found = re.search(r"`(nn\.BatchNorm\dd\(\d\))` fits", hint)
    assert found is not None
    eval(found[1], {"nn": nn})(x)


def test_features_that_are_in_another_dimension() -> None:
    assert_mended_before(nn.BatchNorm1d(6), torch.rand(2, 5, 6), said="`.transpose(1, 2)` before it fits")
    said = "expects a last dimension of 16, got [2, 16, 5, 5] from the network's input, whose dimension 1 is 16"
    assert_mended_before(nn.LayerNorm(16), torch.rand(2, 16, 5, 5), said=said)


def test_one_value_has_no_variance() -> None:
    for norm, x in ((nn.BatchNorm1d(4), torch.rand(1, 4)), (nn.BatchNorm2d(3), torch.rand(1, 3, 1, 1))):
        hint = hint_of(Piped(norm), x)
        assert "a batch of 2 or more fits, or `.eval()`" in hint
        norm(torch.cat([x, x]))
        norm.eval()(x)
    hint = hint_of(Piped(nn.InstanceNorm2d(8)), torch.rand(2, 8, 1, 1))
    assert "an input of more than 1 element a channel fits" in hint
    nn.InstanceNorm2d(8)(torch.rand(2, 8, 2, 1))


def test_several_last_dimensions() -> None:
    hint = hint_of(nn.Sequential(nn.LayerNorm([4, 8])), torch.rand(2, 4, 6))
    assert hint.endswith(
        "expects last dimensions of [4, 8], got [2, 4, 6] from the network's input: `normalized_shape=[4, 6]` fits"
    )
    nn.LayerNorm([4, 6])(torch.rand(2, 4, 6))
