"""Dead units, counted by hand: which dimension holds the units, and when nothing is said of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.live.live_tree import LiveTree
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.tracing import Trace, tracing


class Applied(nn.Module):
    """Gives a function of its input, through a layer where there is one."""

    def __init__(self, function: nn.Module, layer: nn.Module | None = None) -> None:
        super().__init__()
        self.layer, self.act = layer, function

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(x * 1.0 if self.layer is None else self.layer(x))
        return out


class Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x, inplace=True)


def statistics(network: nn.Module, x: Tensor) -> OutputStatistics:
    trace = Trace()
    with tracing(network, LiveTree.of(network), trace):
        network(x)
    found = [call.statistics for call in trace.calls if call.op.lower().rstrip("_") in ("relu", "relu6")]
    assert found[-1] is not None
    return found[-1]


ROWS = torch.tensor([[1.0, -1.0, -2.0, 0.5], [2.0, -1.0, 3.0, -1.0], [1.0, -4.0, -2.0, 1.0]]).repeat(3, 1)


@pytest.mark.parametrize("act", [nn.ReLU(), nn.ReLU(inplace=True), Functional()])
def test_a_column_of_zeros_is_a_dead_unit(act: nn.Module) -> None:
    found = statistics(Applied(act), ROWS)
    assert (found.units, found.dead) == (4, 1)
    assert (found.message().units, found.message().dead) == (4, 1)


def test_the_channels_of_an_image_are_its_units() -> None:
    image = torch.rand(2, 3, 4, 4)
    image[:, 1] = -1
    found = statistics(Applied(nn.ReLU()), image)
    assert (found.units, found.dead) == (3, 1)


def test_in_three_dimensions_the_units_are_those_of_what_came_before() -> None:
    conv = nn.Conv1d(2, 5, 1)
    with torch.no_grad():
        conv.bias.fill_(-100.0)  # type: ignore[union-attr]
        conv.bias[3] = 100.0  # type: ignore[index]
    found = statistics(Applied(nn.ReLU(), conv), torch.rand(4, 2, 7))
    assert (found.units, found.dead) == (5, 4)
    tokens = torch.rand(4, 7, 2) * torch.tensor([1.0, -1.0])
    found = statistics(Applied(nn.ReLU()), tokens)
    assert (found.units, found.dead) == (2, 1)


def test_a_few_elements_whose_statistics_are_taken_later_know_their_units_too() -> None:
    found = statistics(nn.Sequential(nn.ReLU()), ROWS)
    assert (found.units, found.dead) == (4, 1)
    assert found.rows is not None


@pytest.mark.parametrize("shape", [(64, 1000), (2, 16, 50, 50), (16, 5000), (7, 5000), (2, 40, 900)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 1.0])
def test_dead_units_of_many_elements(shape: tuple[int, ...], share: float) -> None:
    """Some units live at a single place, which no part of the output need hold."""
    random = torch.Generator().manual_seed(0)
    unit = 1 if len(shape) > 3 else len(shape) - 1
    X = torch.randn(shape, generator=random)
    silent = torch.rand(shape[unit], generator=random) < share
    units = X.movedim(unit, -1)
    units[..., silent] = -1
    for place, index in enumerate(silent.nonzero().view(-1)[::3]):
        units[(place % shape[0], *[-1 if place % 2 else 0] * (len(shape) - 2), index)] = 1
    expected = int((X.relu().movedim(unit, -1).reshape(-1, shape[unit]).amax(0) == 0).sum())
    found = statistics(Applied(nn.ReLU()), X)
    if X.numel() < 8 * shape[unit]:
        assert found.dead in (None, 0)
    else:
        assert (found.units, found.dead) == (shape[unit], expected)


@pytest.mark.parametrize("x", [torch.rand(40), torch.rand(7, 4), torch.full((8, 4), float("nan"))])
def test_nothing_is_said_of_few_rows_or_of_nan(x: Tensor) -> None:
    assert statistics(Applied(nn.ReLU()), x).dead in (None, 0)
    assert statistics(Applied(nn.ReLU()), x).message().dead in (None, 0)


def test_turns_of_a_loop_together_say_nothing_of_units() -> None:
    first, second = (
        OutputStatistics(4, 0, 1, 1, 1, 2, units=2, dead=1),
        OutputStatistics(4, 0, 1, 1, 1, 2, units=2, dead=1),
    )
    assert first.joined(second).dead is None
