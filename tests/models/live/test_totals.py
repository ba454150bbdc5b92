"""Sums over subtrees, with torch's own counting as the oracle."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.examples.catalogue import EXAMPLES, build_example
from models.live.live_tree import LiveTree
from models.live.totals import Totals
from tests.cases import examples


@pytest.mark.parametrize("name", EXAMPLES)
def test_documented_parameters(name: str) -> None:
    totals = Totals(LiveTree.of(build_example(name)))
    assert totals.parameters(0) == totals.trainable(0) == EXAMPLES[name].parameters
    assert totals.bytes(0) == 4 * EXAMPLES[name].parameters


def test_constants_are_memory_but_no_parameters() -> None:
    totals = Totals(LiveTree.of(build_example("fixed_hidden_mlp")))
    assert (totals.parameters(0), totals.bytes(0), totals.memory(0)) == (420, 1_680, 1_680 + 1_600)


def test_a_hidden_module_counts_for_itself_only() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    net.spare = [nn.Sequential(nn.Linear(3, 3))]
    tree = LiveTree.of(net)
    totals = Totals(tree)
    spare = tree.at("spare[0]")
    assert spare is not None
    assert totals.parameters(0) == sum(p.numel() for p in net.parameters()) == 6
    assert totals.parameters(spare.index) == 12
    assert totals.memory(0) == 4 * 18


def test_hidden_siblings_count_together_and_what_they_share_once() -> None:
    net = nn.Module()
    layers = [nn.Linear(4, 4) for _ in range(5)]
    layers[3].bias = layers[1].bias
    for number, layer in enumerate(layers):
        vars(net)[str(number)] = layer
    tree = LiveTree.of(net)
    (group,) = tree.groups.values()
    found = Totals(tree).of_group(group)
    assert (found.elements, found.trainable, found.bytes) == (5 * 20 - 4, 5 * 20 - 4, 4 * (5 * 20 - 4))


def test_a_lazy_parameter_is_unknown_and_a_meta_one_is_not() -> None:
    tree = LiveTree.of(nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 2, device="meta")))
    totals = Totals(tree)
    assert totals.unknown(0) == 2
    assert totals.parameters(0) == 6


@st.composite
def tied(draw: st.DrawFn) -> nn.Module:
    pool = [nn.Parameter(torch.zeros(draw(st.integers(0, 9))), draw(st.booleans())) for _ in range(4)]
    known: list[nn.Module] = []

    def make(depth: int) -> nn.Module:
        if known and draw(st.integers(0, 3)) == 0:
            return draw(st.sampled_from(known))
        module = nn.Module()
        for number in range(draw(st.integers(0, 3))):
            if depth and draw(st.booleans()):
                module._modules[f"m{number}"] = make(depth - 1)
            else:
                module._parameters[f"p{number}"] = draw(st.sampled_from(pool))
        known.append(module)
        return module

    return make(4)


@settings(max_examples=examples(150), deadline=None)
@given(tied())
def test_each_module_counts_as_torch_does(net: nn.Module) -> None:
    tree = LiveTree.of(net)
    totals = Totals(tree)
    for node in tree.modules():
        assert isinstance(node.item, nn.Module)
        parameters = list(node.item.parameters())
        assert totals.parameters(node.index) == sum(p.numel() for p in parameters)
        assert totals.trainable(node.index) == sum(p.numel() for p in parameters if p.requires_grad)
        assert totals.bytes(node.index) == totals.memory(node.index) == sum(p.nbytes for p in parameters)
