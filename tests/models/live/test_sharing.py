"""Memory shared between different tensor objects."""

from __future__ import annotations

import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.live.sharing import storage_twins


def twins(net: nn.Module, path: str) -> tuple[str, ...]:
    tree = LiveTree.of(net)
    node = tree.at(path)
    assert node is not None
    return storage_twins(tree, node)


def test_views_and_slices_are_found() -> None:
    net = nn.Linear(4, 4)
    net.first_row = net.weight.detach()[0]
    net.other = torch.zeros(4)
    assert twins(net, "weight") == ("first_row",)
    assert twins(net, "first_row") == ("weight",)
    assert twins(net, "bias") == ()


def test_meta_tensors_all_lie_at_address_0_and_share_nothing() -> None:
    net = nn.Linear(4, 4, device="meta")
    assert net.weight.data_ptr() == net.bias.data_ptr() == 0
    assert twins(net, "weight") == ()


def test_tensors_without_storage_have_no_twins() -> None:
    net = nn.Sequential(nn.LazyLinear(2), nn.LazyLinear(2))
    net.sparse = torch.eye(2).to_sparse()
    assert twins(net, "sparse") == ()
    assert twins(net, "0.weight") == ()
    assert twins(net, "") == ()
