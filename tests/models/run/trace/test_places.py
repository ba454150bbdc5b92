"""Paths of live objects."""

from __future__ import annotations

import torch
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.trace.places import Places


def test_names_of_a_shared_layer_in_turn() -> None:
    net = build_example("shared")
    places = Places(LiveTree.of(net))
    assert [places.module(net[2], net, "", nth) for nth in range(3)] == ["2", "4", "2"]
    assert places.module(net[2], None, "", 0) == "2"
    assert places.tensors([net[2].weight], "4") == [("4.weight", "4")]
    assert places.tensors([net[2].weight], "0") == [("2.weight", "2")]


def test_below_a_shared_block_the_nearest_name_counts() -> None:
    block = nn.Sequential(nn.Linear(2, 2))
    net = nn.ModuleDict({"encoder": block, "decoder": block})
    places = Places(LiveTree.of(net))
    assert places.module(block[0], block, "decoder", 0) == "decoder.0"
    assert places.tensors([block[0].bias], "decoder") == [("decoder.0.bias", "decoder.0")]


def test_strangers_and_late_comers() -> None:
    net = build_example("sequential")
    places = Places(LiveTree.of(net))
    late = nn.Tanh()
    assert places.module(late, net, "", 0) is None
    net.append(late)
    assert places.module(late, net, "", 0) == "3"
    assert places.tensors([torch.rand(2)], "") == []


def test_constants_views_and_each_tensor_once() -> None:
    net = build_example("fixed_hidden_mlp")
    places = Places(LiveTree.of(net))
    assert places.tensors([net.rand_weight, net.rand_weight[0]], "") == [("rand_weight", "")]
    assert places.tensors([net.linear.weight.T], "") == [("linear.weight", "linear")]
