"""Of `verdict`: where the values of parameters seem to come from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.initialising.verdict import Siblings, state_of
from models.live.live_tree import LiveTree, Node
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.output_statistics import statistics_of


def known(node: Node) -> OutputStatistics | None:
    assert isinstance(node.item, torch.Tensor)
    return statistics_of(node.item)


def fill(how: Callable[[torch.Tensor], object]) -> nn.Module:
    torch.manual_seed(0)
    layer = nn.Linear(100, 50)
    how(layer.weight.data)
    return layer


@pytest.mark.parametrize(
    ("how", "state"),
    [
        (lambda w: None, "fresh"),
        (lambda w: w.zero_(), "zeros"),
        (lambda w: w.fill_(42), "constant"),
        (lambda w: nn.init.normal_(w, std=0.01), "other"),
        (lambda w: nn.init.xavier_uniform_(w), "other"),
        (lambda w: w.mul_(0.8), "other"),
        (lambda w: w[0, 0].fill_(1), "other"),
        (lambda w: w[0, 0].fill_(float("nan")), ""),
    ],
)
def test_a_fresh_draw_is_distinguished_from_what_is_none(how: Callable[[torch.Tensor], object], state: str) -> None:
    tree = LiveTree.of(fill(how))
    node = tree.at("weight")
    assert node is not None
    found = state_of(tree, node, known)
    assert (found.state, found.default, found.value) == (state, "±0.1", 42 if state == "constant" else found.value)
    assert found.expected == pytest.approx(0.1 / 3**0.5)


def test_what_is_constant_by_default_is_fresh_and_few_elements_say_nothing() -> None:
    tree = LiveTree.of(nn.Sequential(nn.LayerNorm(3), nn.Linear(2, 2)))
    states = {node.path: state_of(tree, node, known) for node in tree.nodes if node.kind == "parameter"}
    assert [(path, each.default, each.state) for path, each in states.items()] == [
        ("0.weight", "1", "fresh"),
        ("0.bias", "0", "fresh"),
        ("1.weight", "±0.7071", ""),
        ("1.bias", "±0.7071", ""),
    ]


def test_what_was_not_read_is_not_judged() -> None:
    tree = LiveTree.of(nn.Linear(100, 50))
    node = tree.at("weight")
    assert node is not None
    found = state_of(tree, node, lambda node: None)
    assert (found.state, found.default, found.std) == ("", "±0.1", None)


def test_one_of_many_layers_is_so_many_times_as_large_as_they_are() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Linear(64, 64) for _ in range(6)))
    net[3].weight.data.mul_(12)
    tree = LiveTree.of(net)
    siblings = Siblings(tree)
    ratios = {path: siblings.ratio(node, known) for path in ("2.weight", "3.weight") if (node := tree.at(path))}
    assert ratios == {"2.weight": pytest.approx(1, abs=0.05), "3.weight": pytest.approx(12, rel=0.05)}
    few = LiveTree.of(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)))
    node = few.at("0.weight")
    assert node is not None
    assert Siblings(few).ratio(node, known) is None


class Attention(nn.Module):
    def __init__(self, heads: int = 4) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(64, 64) for _ in range(4))
        self.norm = nn.LayerNorm(64)


def ratios(net: nn.Module, *paths: str) -> list[float | None]:
    tree = LiveTree.of(net)
    siblings = Siblings(tree)
    nodes = [tree.at(path) for path in paths]
    return [siblings.ratio(node, known) for node in nodes if node is not None]


def test_layers_of_one_class_beside_each_other_are_siblings_where_numbers_name_few() -> None:
    torch.manual_seed(0)
    net = nn.ModuleDict({"attn": Attention()})
    net["attn"].k_proj.weight.data.mul_(12)
    own, other, norm = ratios(net, "attn.k_proj.weight", "attn.q_proj.weight", "attn.norm.weight")
    assert own == pytest.approx(12, rel=0.05)
    assert other is None  # of its siblings one is of another size
    assert norm is None


def test_those_of_two_layers_count_together_and_those_of_many_are_told_by_their_numbers() -> None:
    torch.manual_seed(0)
    two = nn.ModuleList(Attention() for _ in range(2))
    two[1].v_proj.weight.data.mul_(3)
    assert ratios(two, "1.v_proj.weight") == [pytest.approx(3, rel=0.05)]
    many = nn.ModuleList(Attention() for _ in range(4))
    for layer in many:
        layer.o_proj.weight.data.mul_(0.2)  # as GPT-2 scales what goes into the residual stream
    assert ratios(many, "1.o_proj.weight") == [pytest.approx(1, rel=0.05)]


def test_where_layers_beside_each_other_are_of_several_sizes_nothing_is_said() -> None:
    torch.manual_seed(0)
    two = nn.ModuleList(Attention() for _ in range(2))
    for layer in two:
        layer.o_proj.weight.data.mul_(0.2)
    assert ratios(two, "0.q_proj.weight", "0.o_proj.weight") == [None, None]
