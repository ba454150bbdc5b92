"""What is registered, against torch's own walk, and where torch's own walk fails."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.examples.catalogue import build_example
from models.live.registered import buffers_in, modules_in, parameters_in, training_of


def nets() -> list[nn.Module]:
    tied = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    tied[1].weight = tied[0].weight
    within = nn.Sequential(nn.Linear(1, 1))
    within.add_module("self", within)
    return [
        build_example("rgnet"),
        build_example("shared"),
        nn.BatchNorm1d(3),
        nn.MultiheadAttention(8, 2),
        tied,
        within,
    ]


@pytest.mark.parametrize("net", nets(), ids=lambda net: type(net).__name__)
def test_order_and_number_are_torchs(net: nn.Module) -> None:
    assert list(map(id, modules_in(net))) == list(map(id, net.modules()))
    assert list(map(id, parameters_in(net))) == list(map(id, net.parameters()))
    assert list(map(id, buffers_in(net))) == list(map(id, net.buffers()))


def test_deeper_than_pythons_stack() -> None:
    net: nn.Module = nn.Linear(2, 2)
    for _ in range(3000):
        net = nn.Sequential(net)
    assert len(modules_in(net)) == 3001
    assert len(parameters_in(net)) == 2


def test_a_module_that_was_never_initialised_holds_nothing() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            pass

    bare = Bare()
    assert modules_in(bare) == [bare]
    assert not parameters_in(bare)
    assert training_of(bare) is None
    assert training_of(nn.ReLU().eval()) is False


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_scripted_modules_are_read_too() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Linear(2, 1)))
    assert [tuple(tensor.shape) for tensor in parameters_in(scripted)] == [(1, 2), (1,)]
    assert training_of(scripted) is True
