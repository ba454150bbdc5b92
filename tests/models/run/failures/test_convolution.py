"""Of `convolution`: channels, dimensions and kernels, each mend applied."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.models.run.failures.explaining import Made, Piped, assert_mended, assert_mended_before, hint_of


def behind(second: Callable[[int], nn.Module], first: nn.Module, wrong: int) -> Callable[..., nn.Module]:
    def make(in_channels: int = wrong) -> nn.Module:
        return nn.Sequential(first, second(in_channels))

    return make


@pytest.mark.parametrize(
    ("first", "second", "wrong", "x", "right"),
    [
        (nn.Conv2d(3, 6, 3), lambda n: nn.Conv2d(n, 4, 3), 8, torch.rand(1, 3, 8, 8), 6),
        (nn.Conv1d(2, 5, 1), lambda n: nn.Conv1d(n, 4, 2), 3, torch.rand(2, 2, 9), 5),
        (nn.Conv3d(1, 4, 1), lambda n: nn.Conv3d(n, 4, 2, groups=2), 2, torch.rand(1, 1, 4, 4, 4), 4),
        (nn.Conv2d(3, 6, 3), lambda n: nn.ConvTranspose2d(n, 4, 3), 5, torch.rand(1, 3, 8, 8), 6),
    ],
)
def test_channels(
    first: nn.Module, second: Callable[[int], nn.Module], wrong: int, x: torch.Tensor, right: int
) -> None:
    said = f"`1` expects {wrong} channels, got {right} from `0`: `in_channels={right}` fits"
    assert_mended(behind(second, first, wrong), x, said=said, in_channels=right)


def test_an_image_with_its_channels_last() -> None:
    said = "expects 3 channels, got 8 from the network's input; the last dimension of [2, 8, 9, 3] is 3"
    assert_mended_before(nn.Conv2d(3, 4, 3), torch.rand(2, 8, 9, 3), said=said)
    assert_mended_before(nn.Conv2d(3, 4, 3), torch.rand(8, 9, 3), said="`.movedim(-1, 0)` fits")
    assert_mended_before(nn.Conv1d(16, 4, 3), torch.rand(2, 10, 16), said="`.movedim(-1, 1)` fits")


def test_grey_images_without_a_channel() -> None:
    said = "as [5, 28, 28] is read as [C, H, W]: `.unsqueeze(1)` makes it [N, C, H, W], and fits"
    assert_mended_before(nn.Conv2d(1, 4, 3), torch.rand(5, 28, 28), said=said)
    assert_mended_before(nn.Conv1d(1, 4, 3), torch.rand(5, 28), said="`.unsqueeze(1)` makes it [N, C, L]")
    assert_mended_before(nn.Conv2d(1, 4, 3), torch.rand(28, 28), said="`.unsqueeze(0)` before it gives the one channel")


def test_dimensions_that_cannot_be_mended_are_said() -> None:
    hint = hint_of(nn.Sequential(nn.Linear(4, 8), nn.Conv2d(3, 4, 3)), torch.rand(2, 4))
    assert hint == "`1` takes [N, C, H, W] or [C, H, W], got [2, 8] from `0`"
    hint = hint_of(nn.Sequential(nn.Conv1d(3, 4, 3)), torch.rand(2, 3, 8, 8))
    assert hint == "`0` takes [N, C, L] or [C, L], got [2, 3, 8, 8] from the network's input"
    hint = hint_of(nn.Sequential(nn.MaxPool2d(2)), torch.rand(2, 3))
    assert hint.startswith("`0` takes [N, C, H, W] or [C, H, W], got [2, 3]")


@pytest.mark.parametrize(
    ("layer", "x", "padding"),
    [
        (lambda padding: nn.Conv2d(3, 4, 5, padding=padding), torch.rand(1, 3, 4, 4), 1),
        (lambda padding: nn.Conv1d(3, 4, 9, padding=padding), torch.rand(1, 3, 2), 4),
        (lambda padding: nn.Conv2d(3, 4, 3, dilation=4, padding=padding), torch.rand(1, 3, 8, 8), 1),
        (lambda padding: nn.Conv3d(1, 1, (1, 1, 7), padding=padding), torch.rand(1, 1, 2, 2, 4), 2),
    ],
)
def test_a_kernel_larger_than_its_input(layer: Callable[[int], nn.Module], x: torch.Tensor, padding: int) -> None:
    def make(padding: int = 0) -> nn.Module:
        return nn.Sequential(layer(padding))

    assert_mended(make, x, said="is larger than its input of ", padding=padding)


def test_a_pool_larger_than_its_input() -> None:
    def make(kernel_size: int = 5) -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(kernel_size))

    said = "the 5x5 kernel of `1` is larger than its input of 4x3 from `0`: a larger input fits, or `kernel_size=3`"
    assert_mended(make, torch.rand(1, 3, 6, 5), said=said, kernel_size=3)
    assert "the 3 kernel of `layer`" in hint_of(Piped(nn.AvgPool1d(3)), torch.rand(1, 3, 2))
    hint = hint_of(Made(lambda self, x: nn.functional.max_pool2d(x, 4)), torch.rand(1, 3, 2, 2))
    assert hint.startswith("the 4x4 kernel of `max_pool2d` at test_convolution.py:")


def test_a_layer_that_is_right_is_not_blamed() -> None:
    assert hint_of(nn.Sequential(nn.Conv2d(3, 4, 3)), torch.rand(1, 3, 8, 8).to(torch.complex64)) == ""


def test_parts_that_were_joined_along_the_batch() -> None:
    net = Made(lambda self, x: self.conv(torch.cat([x, x])), conv=nn.Conv2d(6, 2, 3))
    hint = hint_of(net, torch.rand(2, 3, 6, 6))
    assert "expects 6 channels, got 3 from `cat`" in hint
    assert hint.endswith(": `dim=1` of that `cat` fits")
    hint = hint_of(nn.Conv2d(6, 2, 3), torch.rand(2, 3, 6, 6))
    assert "movedim" not in hint  # of two sides of 6 the last is no more the channels than the other
