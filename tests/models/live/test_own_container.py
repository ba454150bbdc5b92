"""The user's own dicts and lists as the root of a tree."""

from __future__ import annotations

from enum import Enum

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.live.own_container import OwnContainer
from models.live.paths import node_path_forms, python_path


class Part(Enum):
    HEAD = 1


def nets() -> dict[object, object]:
    return {
        "a.b": nn.Linear(1, 2),
        0: nn.ReLU(),
        "0": nn.GELU(),
        Part.HEAD: nn.Tanh(),
        ("x", 1): nn.SELU(),
        "more": [nn.Linear(2, 2), {"deep": nn.Conv1d(1, 1, 1)}],
        "scale": nn.Parameter(torch.ones(2)),
        "table": torch.zeros(3),
        "step": 5,
    }


def test_every_entry_is_there_under_a_name_of_its_own_and_its_python_leads_back() -> None:
    own = nets()
    tree = LiveTree.of(OwnContainer.of(own), "nets")
    paths = [node.path for node in tree.nodes]
    assert len(set(paths)) == len(paths)
    assert {"a.b", "a.b.weight", "0", "0'", "HEAD", "#4", "more.0.weight", "more.1.deep.bias", "scale", "table"} < set(
        paths
    )
    for node in tree.nodes[1:]:
        found = eval(python_path(tree, node, "nets"), {"nets": own})
        assert found is (node.item.own if isinstance(node.item, OwnContainer) else node.item), node.path


def test_forms_that_only_a_module_has_are_not_offered() -> None:
    tree = LiveTree.of(OwnContainer.of(nets()), "nets")
    node = tree.at("a.b.weight")
    assert node is not None
    assert [form.label for form in node_path_forms(tree, node)][:2] == ["Path", "Python"]
    assert not {"By its path", "From the state dict"} & {form.label for form in node_path_forms(tree, node)}


def test_what_is_put_in_and_taken_out_shows() -> None:
    own = [nn.Linear(1, 1), [nn.ReLU()]]
    tree = LiveTree.of(OwnContainer.of(own))
    assert tree.is_current()
    own[1].append(nn.GELU())
    assert not tree.is_current()
    assert len(LiveTree.of(tree.root).nodes) == len(tree.nodes) + 1
    del own[0]
    assert [node.path for node in LiveTree.of(tree.root).nodes] == ["", "0", "0.0", "0.1"]


def test_it_is_a_module_to_torch_and_has_no_state() -> None:
    own = {"a": nn.Linear(1, 2), "b": nn.Dropout().eval()}
    root = OwnContainer.of(own)
    assert [name for name, _ in root.named_parameters()] == ["a.weight", "a.bias"]
    assert not root.training
    root.train()
    assert root.training
    assert own["b"].training
    assert not root.zero_grad()
    with pytest.raises(TypeError, match=r"net\['a'\]\(X\)"):
        root()
