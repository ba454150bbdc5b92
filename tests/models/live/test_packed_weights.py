"""Quantised modules show what they keep packed; torch's own methods are the oracle.

Of `packed_weights`, as `holdings` and the tree have them.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.describe.node import describe_node
from models.live.live_tree import LiveTree
from models.live.packed_weights import is_packed
from models.live.paths import python_path

pytestmark = pytest.mark.filterwarnings("ignore")


def dynamic() -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.LSTM(3, 2))
    made: nn.Module = torch.ao.quantization.quantize_dynamic(net, {nn.Linear, nn.LSTM})
    return made


def test_the_weights_of_dynamic_modules_are_rows() -> None:
    net = dynamic()
    tree = LiveTree.of(net)
    found = {node.path: node for node in tree.nodes if node.is_tensor}
    assert list(found) == [
        "0.weight()", "0.bias()", "2.get_weight()['weight_ih_l0']", "2.get_weight()['weight_hh_l0']",
        "2.get_bias()['bias_ih_l0']", "2.get_bias()['bias_hh_l0']",
    ]  # fmt: skip
    for path, node in found.items():
        expected = eval(python_path(tree, node), {"net": net})
        assert isinstance(node.item, torch.Tensor)
        assert node.item.dtype == expected.dtype, path
        plain = node.item.dequantize() if node.item.is_quantized else node.item
        assert torch.equal(plain, expected.dequantize() if expected.is_quantized else expected), path
        assert node.kind == "constant"


def test_the_tree_stays_while_the_packed_objects_do() -> None:
    net = dynamic()
    tree = LiveTree.of(net)
    assert tree.is_current()
    assert tree.same_structure(LiveTree.of(net))
    weight = torch.quantize_per_tensor(torch.ones(3, 4), 0.5, 0, torch.qint8)
    net[0].set_weight_bias(weight, torch.zeros(3))  # type: ignore[index]
    assert not tree.is_current()
    changed = LiveTree.of(net).at("0.weight()")
    assert changed is not None
    assert isinstance(changed.item, torch.Tensor)
    assert torch.equal(changed.item.dequantize(), torch.ones(3, 4))


def test_scale_and_zero_point_stand_under_info() -> None:
    net = dynamic()
    tree = LiveTree.of(net)
    node = tree.at("0.weight()")
    assert node is not None
    facts = {fact.label: fact.text for group in describe_node(tree, node) for fact in group.facts}
    weight = net[0].weight()  # type: ignore[index]
    assert facts["Quantised"] == f"per_tensor_affine: scale {weight.q_scale():.6g}, zero point {weight.q_zero_point()}"


def test_other_modules_are_left_alone() -> None:
    assert not is_packed(nn.Linear)
    assert not is_packed(type("Own", (nn.Module,), {"weight": lambda self: 1 / 0}))
