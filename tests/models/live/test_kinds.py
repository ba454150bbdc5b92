"""What each kind of tensor is to its network, with torch's own `state_dict`, `parameters` and `_apply` as oracles."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from models.commands.show import report_of, text_of
from models.live.describe.node import describe_node
from models.live.kinds import node_role
from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.live.paths import python_path
from models.live.totals import Totals
from models.opened.source import Source


class Kinds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("mask", torch.ones(4, 4).tril(), persistent=False)
        self.register_buffer("scale", torch.ones(4))
        self.raw = [nn.Parameter(torch.randn(4))]
        self.named = {"a": (nn.Parameter(torch.randn(3)),)}
        object.__setattr__(self, "past", nn.Parameter(torch.randn(2)))
        self.plain = torch.zeros(2)
        self.layers = {"x": nn.BatchNorm1d(2)}
        self.row = self.scale[1:]


NETWORK = Kinds()
TREE = LiveTree.of(NETWORK)
RAW = ("raw[0]", "named['a'][0]", "past")


def model_of(network: nn.Module) -> LiveModel:
    return LiveModel(Source(source="k", kind="module", name="k", module=network), LiveTree.of(network), {})


@pytest.mark.parametrize("path", RAW)
def test_a_parameter_that_is_not_registered_is_a_parameter_all_the_same(path: str) -> None:
    node = TREE.at(path)
    assert node is not None
    assert (node.kind, node.registered) == ("parameter", False)
    assert node_role(TREE, node).word == "not registered"
    assert eval(python_path(TREE, node), {"net": NETWORK}) is node.item


def test_what_is_not_registered_counts_in_no_sum() -> None:
    totals = Totals(TREE)
    assert totals.parameters(0) == sum(p.numel() for p in NETWORK.parameters())
    assert model_of(NETWORK).facts(0).trainable == totals.parameters(0)


def test_a_sentence_about_each_agrees_with_torch() -> None:
    stored = NETWORK.state_dict()
    trained = {id(p) for p in NETWORK.parameters()}
    moved = {id(t) for t in (*NETWORK.parameters(), *NETWORK.buffers())}
    for node in TREE.nodes:
        if node.is_tensor:
            meaning = node_role(TREE, node).meaning
            assert ("in state_dict" in meaning.replace("not in state_dict", "")) == (node.path in stored), node.path
            assert ("given to an optimizer" in meaning and "not given" not in meaning) == (id(node.item) in trained)
            assert ("moved by .to()" in meaning and "not moved" not in meaning) == (id(node.item) in moved)


def test_info_has_the_same_sentence() -> None:
    for node in TREE.nodes[1:]:
        facts = {fact.label: fact.text for group in describe_node(TREE, node) for fact in group.facts}
        assert facts.get("Kind", "") == node_role(TREE, node).meaning


def test_json_says_as_much() -> None:
    rows = {row["path"]: row for row in report_of(model_of(NETWORK))["tensors"]}
    assert (rows["mask"]["kind"], rows["mask"]["persistent"]) == ("buffer", False)
    assert (rows["scale"]["kind"], rows["scale"]["persistent"]) == ("buffer", True)
    assert rows["fc.weight"]["persistent"] is None
    for path in RAW:
        assert (rows[path]["kind"], rows[path]["registered"]) == ("parameter", False)
        assert "not registered" in rows[path]["meaning"]
    assert (rows["plain"]["kind"], rows["plain"]["registered"]) == ("constant", False)
    assert rows["layers['x'].weight"]["registered"] is False
    assert rows["row"]["alias_of"] == ["scale"]
    assert rows["scale"]["alias_of"] == ["row"]
    assert rows["row"]["overlaps"] == ["scale"]
    assert rows["fc.weight"]["alias_of"] == rows["fc.weight"]["overlaps"] == []


def test_the_text_of_show_says_as_much() -> None:
    lines = list(text_of(model_of(NETWORK)))
    by_name = {line.split()[0]: line for line in lines if line.strip()}
    assert by_name["mask"].endswith("buffer, not persistent")
    assert by_name["raw[0]"].endswith("not registered")
    assert by_name["row"].endswith("constant  same memory as scale")
    assert "buffer, not persistent: moved by .to(), but not in state_dict" in lines


def weight_normed() -> nn.Module:
    return nn.utils.weight_norm(nn.Linear(4, 3))  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (weight_normed, "weight_g, weight_v"),
        (lambda: nn.utils.spectral_norm(nn.Linear(4, 3)), "weight_orig, weight_u, weight_v"),
        (lambda: prune.l1_unstructured(nn.Linear(4, 3), "weight", 0.5), "weight_orig, weight_mask"),
    ],
)
def test_a_weight_that_a_hook_computes(make: type[nn.Module], parts: str) -> None:
    net = make()
    tree = LiveTree.of(net)
    node = tree.at("weight")
    assert node is not None
    assert "weight" not in dict(net.named_parameters())
    kind = node_role(tree, node)
    assert kind.word == "computed"
    assert kind.meaning.startswith(f"computed from {parts} before each forward, by torch.nn.utils.")


def test_the_original_of_a_parametrization() -> None:
    tree = LiveTree.of(nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 3))))
    node = tree.at("0.parametrizations.weight.original1")
    assert node is not None
    assert node_role(tree, node).meaning.endswith("; 0.weight is computed from it by WeightNorm")


def test_a_result_that_a_forward_left_behind() -> None:
    class Keeps(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            self.last = super().forward(input)
            return self.last

    net = Keeps(2, 2)
    net(torch.rand(1, 2))
    tree = LiveTree.of(net)
    node = tree.at("last")
    assert node is not None
    assert node_role(tree, node).meaning.startswith("result of an operation (AddmmBackward0)")
