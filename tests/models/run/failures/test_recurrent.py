"""Of `recurrent`: features and states of recurrent layers and cells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.models.run.failures.explaining import Made, Piped, assert_mended, assert_mended_before, hint_of


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (lambda n: nn.LSTM(n, 3), torch.rand(2, 3, 4)),
        (lambda n: nn.GRU(n, 3, batch_first=True), torch.rand(2, 3, 4)),
        (lambda n: nn.RNN(n, 3), torch.rand(3, 4)),
        (lambda n: nn.LSTMCell(n, 3), torch.rand(2, 4)),
        (lambda n: nn.GRUCell(n, 3), torch.rand(2, 4)),
    ],
)
def test_features(layer: Callable[[int], nn.Module], x: torch.Tensor) -> None:
    def make(input_size: int = 7) -> nn.Module:
        return Made(lambda self, x: self.rnn(self.before(x)), before=nn.Linear(4, 4), rnn=layer(input_size))

    said = "`rnn` expects 7 features, got 4 from `before`: `input_size=4` fits"
    assert_mended(make, x, said=said, input_size=4)


def test_features_in_the_wrong_dimension() -> None:
    said = "dimension 1 of [2, 16, 5] is 16: `.transpose(1, 2)` before it fits"
    assert_mended_before(nn.GRU(16, 3, batch_first=True), torch.rand(2, 16, 5), said=said)


def test_a_state_for_another_batch() -> None:
    state = (torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))
    hint = hint_of(Piped(nn.LSTM(5, 3)), torch.rand(2, 7, 5), state)
    assert "the state of `layer` is [1, 2, 3] from the network's input, and its input [2, 7, 5] needs [1, 7, 3]" in hint
    assert hint.endswith(": `batch_first=True` fits, where dimension 0 of the input is the batch")
    nn.LSTM(5, 3, batch_first=True)(torch.rand(2, 7, 5), state)
    hint = hint_of(Piped(nn.GRU(5, 3, batch_first=True)), torch.rand(2, 7, 5), torch.zeros(1, 7, 3))
    assert "`batch_first=False` fits, where dimension 1 of the input is the batch" in hint
    nn.GRU(5, 3)(torch.rand(2, 7, 5), torch.zeros(1, 7, 3))


def test_a_state_in_a_list_is_as_one_in_a_tuple() -> None:
    hint = hint_of(Piped(nn.LSTM(5, 3)), torch.rand(2, 7, 5), [torch.zeros(1, 2, 3), torch.zeros(1, 2, 3)])
    assert "the state of `layer` is [1, 2, 3]" in hint
    nn.LSTM(5, 3)(torch.rand(2, 7, 5), [torch.zeros(1, 7, 3), torch.zeros(1, 7, 3)])


def test_a_state_with_its_dimensions_swapped() -> None:
    layer = nn.GRU(5, 3, num_layers=2)
    assert hint_of(Piped(layer), torch.rand(7, 4, 5), torch.zeros(4, 2, 3)).endswith(
        "`.transpose(0, 1)` of the state fits"
    )
    layer(torch.rand(7, 4, 5), torch.zeros(4, 2, 3).transpose(0, 1))


def test_a_state_that_is_only_wrong() -> None:
    hint = hint_of(Piped(nn.GRU(5, 3, bidirectional=True)), torch.rand(7, 4, 5), torch.zeros(1, 4, 3))
    assert hint.endswith("needs [2, 4, 3], [layers and directions, batch, features]")


def test_dimensions() -> None:
    hint = hint_of(Piped(nn.GRU(5, 3, batch_first=True)), torch.rand(2, 3, 4, 5))
    assert (
        hint == "`layer` takes [batch, time, features] or [time, features], got [2, 3, 4, 5] from the network's input"
    )


@pytest.mark.parametrize("cell", [nn.GRUCell, nn.RNNCell])
def test_a_state_of_a_cell_for_another_batch(cell: Callable[[int, int], nn.Module]) -> None:
    net = Made(lambda self, x: self.cell(x[0], torch.zeros(3, 5)), cell=cell(4, 5))
    hint = hint_of(net, torch.rand(3, 2, 4))
    assert hint.startswith("the state of `cell` is [3, 5] from `zeros`")
    assert hint.endswith("needs [2, 5]")
    net.cell(torch.rand(2, 4), torch.zeros(2, 5))
