"""Of `signal`: the spread of activations and gradients by depth, on copies."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from models.initialising.rules import BY_NAME
from models.initialising.scheme import Scheme
from models.initialising.scope import Scope
from models.initialising.signal import signal_of
from models.live.live_tree import LiveTree
from models.work.cancelled import Cancelled

NORMAL = Scheme(Scope("this"), BY_NAME["normal_"], {"mean": 0.0, "std": 0.01}, biases="zeros")


def test_the_numbers_are_those_of_a_run_by_hand() -> None:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), torch.rand(5, 4)
    found = signal_of(LiveTree.of(net), None, (x,), {})
    hidden = net[0](x)
    active = hidden.relu()
    output = net[2](active)
    gradients = torch.autograd.grad(output.sum(), [hidden, active, output])
    assert [layer.path for layer in found.layers] == ["0", "1", "2"]
    assert [layer.activation for layer in found.layers] == pytest.approx(
        [float(each.detach().std()) for each in (hidden, active, output)]
    )
    assert [layer.gradient for layer in found.layers] == pytest.approx(
        [float(each.pow(2).mean().sqrt()) for each in gradients]
    )


def test_a_small_normal_makes_the_signal_vanish_and_kaiming_keeps_it() -> None:
    torch.manual_seed(0)
    layers = [layer for _ in range(10) for layer in (nn.Linear(64, 64), nn.ReLU())]
    tree, x = LiveTree.of(nn.Sequential(*layers)), torch.randn(32, 64)
    values = {"a": 0.0, "mode": "fan_in", "nonlinearity": "relu"}
    kaiming = Scheme(Scope("this"), BY_NAME["kaiming_normal_"], values, biases="zeros")
    small, kept = signal_of(tree, NORMAL, (x,), {}), signal_of(tree, kaiming, (x,), {})
    # a layer of 64 units with std s, half of them cut off: the size is multiplied by s·√(64/2)
    expected = (0.01 * math.sqrt(32)) ** 10
    assert small.layers[-1].activation == pytest.approx(expected, rel=0.9)
    assert 0.2 < kept.layers[-1].activation < 3
    assert small.layers[0].gradient < 1e-9 < 0.1 < kept.layers[0].gradient


def test_nothing_of_the_network_is_touched() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2))
    x = torch.rand(6, 4)
    before, given, random = [value.clone() for value in net.state_dict().values()], x.clone(), torch.get_rng_state()
    signal_of(LiveTree.of(net), NORMAL, (x,), {})
    assert all(map(torch.equal, before, net.state_dict().values()))
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.equal(x, given)
    assert [parameter.grad for parameter in net.parameters()] == [None] * 6
    assert not any(module._forward_hooks for module in net.modules())


def test_what_fails_is_reported_with_the_layers_up_to_there() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(3, 2))
    found = signal_of(LiveTree.of(net), None, (torch.rand(1, 4),), {})
    assert [layer.path for layer in found.layers] == ["0"]
    assert found.problem.startswith("forward: RuntimeError")


def test_a_run_stops_between_layers() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls > 1

    with pytest.raises(Cancelled):
        signal_of(LiveTree.of(net), None, (torch.rand(1, 4),), {}, stop)
