"""Quantised modules show what they keep packed; torch's own methods are the oracle.

Of `packed_weights`, as `holdings` and the tree have them.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.describe.node import describe_node
from models.live.kinds import node_role
from models.live.live_tree import LiveTree
from models.live.packed_weights import is_packed
from models.live.paths import python_path
from tests.models.findings.finding import without_run

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


def test_unpacked_weights_are_not_said_to_be_missing_from_the_state_dict() -> None:
    net = dynamic()
    kept = set(net.state_dict())
    assert {"0._packed_params._packed_params", "2._all_weight_values.0.param"} <= kept
    tree = LiveTree.of(net)
    for node in tree.nodes:
        if node.is_tensor:
            assert node_role(tree, node).word == "unpacked"
            assert "not in state_dict" not in node_role(tree, node).meaning
    net.get_submodule("0").scale_by = torch.ones(3)
    tree = LiveTree.of(net)
    assert [node.path for node in tree.nodes if node.is_tensor and node_role(tree, node).word == "constant"] == [
        "0.scale_by"
    ]
    findings = without_run(net)
    assert [each.path for each in findings if each.kind == "unregistered"] == ["0.scale_by"]


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
